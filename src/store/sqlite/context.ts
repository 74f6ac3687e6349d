import type { Database } from './database.ts';
import type { Lease } from './lease.ts';

/** What every group of operations works with. */
export interface StoreContext {
  readonly database: Database;
  readonly lease: Lease;
  readonly spoolDirectory: string;
  /** Notes that content was erased, so that it must leave the write-ahead log soon. */
  erased(): void;
}
