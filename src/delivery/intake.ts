import type { Spool } from '../attachments/spool.ts';
import type { Clock } from '../kernel/clock.ts';
import { StorageUnavailable } from '../store/errors.ts';
import type { KeyClaim } from '../store/key-record.ts';
import type { InsertResult, Store } from '../store/store.ts';
import { type Ledger, rowOf } from './ledger.ts';
import type { Message } from './message.ts';
import * as outcomes from './outcomes.ts';
import { filesOf } from './payload.ts';

/**
 * Puts messages on disk. A connection can break between the commit and its answer: then the store is asked what it has.
 * What it does not have, or cannot tell, is taken back in case it turns up later, and the promise rejects.
 */
export interface Intake {
  insert(message: Message, key: KeyClaim | null): Promise<InsertResult | undefined>;
  /** Stores a plain message that is on its way, as it is now. False if that failed; never rejects. */
  insertLate(message: Message): Promise<boolean>;
  /** The same as `insert` for a batch, of which all is there or nothing. Whether keys were taken cannot be told afterwards. */
  insertBatch(
    messages: readonly Message[],
    insert: () => ReturnType<Store['insertBatch']>,
  ): ReturnType<Store['insertBatch']>;
}

export interface IntakeOptions {
  readonly store: Store;
  readonly spool: Spool;
  readonly ledger: Ledger;
  readonly clock: Clock;
}

export function createIntake({ store, spool, ledger, clock }: IntakeOptions): Intake {
  // The row names the files, so they must be on disk before it is.
  const syncFiles = async (messages: readonly Message[]) => {
    const files = messages.flatMap(({ payload }) => filesOf(payload));
    if (files.length > 0) await spool.sync(files);
  };

  const takeBack = (message: Message) => {
    if (message.mode === 'async') return ledger.revoke(message.id);
    outcomes.refuseForStorage(message, clock.now());
    void ledger.settle(message, null);
  };

  const isThere = async ({ id }: Message) => (await store.get(id)) !== null;
  /** Whether all of them are in the store, although it gave no answer; else they are taken back. */
  const areThere = async (messages: readonly Message[], error: unknown): Promise<boolean> => {
    const asked = error instanceof StorageUnavailable ? Promise.all(messages.map(isThere)) : Promise.resolve([false]);
    const found = await asked.catch(() => [false]);
    if (found.length > 0 && found.every((one) => one)) return true;
    for (const message of messages) takeBack(message);
    return false;
  };

  return {
    async insert(message, key) {
      await syncFiles([message]);
      try {
        return (await store.insert([{ row: rowOf(message), key }]))[0];
      } catch (error) {
        if (await areThere([message], error)) return { kind: 'inserted' };
        throw error;
      }
    },
    async insertLate(message) {
      // It goes on meanwhile, and its row must not.
      const row = { ...rowOf(message), attempts: [...message.attempts] };
      try {
        await syncFiles([message]);
        await store.insert([{ row, key: null }]);
        return true;
      } catch {
        return false;
      }
    },
    async insertBatch(messages, insert) {
      await syncFiles(messages);
      try {
        return await insert();
      } catch (error) {
        if (await areThere(messages, error)) {
          return { kind: 'inserted', results: messages.map(() => ({ kind: 'inserted' })) };
        }
        throw error;
      }
    },
  };
}
