import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { systemClock } from '../../src/kernel/clock.ts';
import { createPostgresStore } from '../../src/store/postgres/postgres-store.ts';
import type { Store } from '../../src/store/store.ts';
import type { PostgresServer } from '../support/postgres.ts';
import type { StorePlace } from './contract.ts';

export interface PostgresPlace extends StorePlace {
  readonly url: string;
  /** A process as it is in production, on the real clock; closed with the test. */
  openReal(owner: string, connections?: number): Promise<Store>;
}

/** A fresh database, with a spool for each process. Leases are judged by the clock that the test moves. */
export async function postgresPlace(t: Test, server: PostgresServer): Promise<PostgresPlace> {
  const url = await server.freshDatabase();
  const directory = mkdtempSync(join(tmpdir(), 'commbox-gateway-spools-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const spoolOf = (owner: string) => {
    const spool = join(directory, owner);
    mkdirSync(spool, { recursive: true, mode: 0o700 });
    return spool;
  };
  const optionsOf = (owner: string) => ({ databaseUrl: url, owner, spoolDirectory: spoolOf(owner) });
  return {
    url,
    spoolOf,
    isShared: true,
    open: ({ owner, clock }) =>
      createPostgresStore({ ...optionsOf(owner), clock, connections: 4, leasesJudgedBy: 'injected' }),
    async openReal(owner, connections = 2) {
      const store = await createPostgresStore({ ...optionsOf(owner), clock: systemClock, connections });
      t.teardown(() => store.close());
      return store;
    },
  };
}
