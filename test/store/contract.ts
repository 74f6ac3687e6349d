import type { Test } from 'tap';
import type { Clock } from '../../src/kernel/clock.ts';
import type { Store } from '../../src/store/store.ts';
import { cancelContract } from './contract/cancel.ts';
import { filesContract } from './contract/files.ts';
import { flowsContract } from './contract/flows.ts';
import { insertContract } from './contract/insert.ts';
import { keysContract } from './contract/keys.ts';
import { leaseContract } from './contract/lease.ts';
import { listContract } from './contract/list.ts';
import { pacingContract } from './contract/pacing.ts';
import { pausesContract } from './contract/pauses.ts';
import { reconcileContract } from './contract/reconcile.ts';
import { recordContract } from './contract/record.ts';
import { roundTripContract } from './contract/round-trip.ts';
import { settleContract } from './contract/settle.ts';
import { sharedContract } from './contract/shared.ts';
import { sweepContract } from './contract/sweep.ts';
import { takeContract } from './contract/take.ts';

/** One set of data on which any number of processes, one store each, may work. Disposes of itself with its test. */
export interface StorePlace {
  open(options: { readonly owner: string; readonly clock: Clock }): Promise<Store>;
  /** The directory in which a process of that name spools attachments; it exists. */
  spoolOf(owner: string): string;
  /** Whether several processes of a real installation work on it, and `onChange` therefore tells of the others. */
  readonly isShared: boolean;
}

export type CreatePlace = (t: Test) => Promise<StorePlace>;

/** What every store promises (see `Store`), run against one kind of it. Every test has a place of its own. */
export async function storeContract(t: Test, name: string, createPlace: CreatePlace): Promise<void> {
  await t.test(name, async (t) => {
    const parts = [
      roundTripContract,
      insertContract,
      keysContract,
      takeContract,
      flowsContract,
      settleContract,
      cancelContract,
      leaseContract,
      listContract,
      sweepContract,
      reconcileContract,
      recordContract,
      filesContract,
      pacingContract,
      pausesContract,
      sharedContract,
    ];
    for (const part of parts) await part(t, createPlace);
  });
}
