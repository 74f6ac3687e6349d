import type { Spool } from '../attachments/spool.ts';
import type { Clock } from '../kernel/clock.ts';
import { StorageUnavailable } from '../store/errors.ts';
import type { KeyClaim } from '../store/key-record.ts';
import type { InsertResult } from '../store/requests.ts';
import type { Store } from '../store/store.ts';
import type { Ledger } from './ledger.ts';
import type { Message } from './message.ts';
import * as outcomes from './outcomes.ts';
import { filesOf } from './payload.ts';
import { erasedRowOf, rowOf } from './stored-message.ts';

/**
 * Puts messages on disk. A connection can break between the commit and its answer: then the store is asked what it has.
 * What it does not have is kept out for good, what it cannot tell is taken back in case it turns up, and the promise
 * rejects.
 */
export interface Intake {
  insert(message: Message, key: KeyClaim | null): Promise<InsertResult | undefined>;
  /** Stores a plain message that is on its way, as it is now. False if that failed; never rejects. */
  insertLate(message: Message): Promise<boolean>;
  /**
   * The same as `insert` for a batch. Where its answer got lost and it has no key, one of which every item was known
   * counts as not stored.
   */
  insertBatch(batch: Batch, insert: () => ReturnType<Store['insertBatch']>): ReturnType<Store['insertBatch']>;
}

/** Messages that are stored together. */
export interface Batch {
  readonly messages: readonly Message[];
  /** Of each message. */
  readonly keys: readonly (KeyClaim | null)[];
  /** Of the batch. */
  readonly key: KeyClaim | null;
}

export interface IntakeOptions {
  readonly store: Store;
  readonly spool: Spool;
  readonly ledger: Ledger;
  readonly clock: Clock;
}

type BatchInsert = Awaited<ReturnType<Store['insertBatch']>>;

const INSERTED: InsertResult = { kind: 'inserted' };

export function createIntake({ store, spool, ledger, clock }: IntakeOptions): Intake {
  // The row names the files, so they must be on disk before it is.
  const syncFiles = async (messages: readonly Message[]) => {
    const files = messages.flatMap(({ payload }) => filesOf(payload));
    if (files.length > 0) await spool.sync(files);
  };
  const hasFiles = ({ payload }: Message) => filesOf(payload).length > 0;

  const refused = (message: Message): Message => {
    const copy = { ...message };
    outcomes.refuseForStorage(copy, clock.now());
    return copy;
  };

  const wereStored = (messages: readonly Message[]) =>
    store.wereStored(messages.map((message) => erasedRowOf(refused(message))));

  /** What the store has, although it gave no answer. If it cannot tell, all is taken back. */
  const lookUp = async <Found>(messages: readonly Message[], error: unknown, look: () => Promise<Found | null>) => {
    let found: Found | null = null;
    try {
      if (error instanceof StorageUnavailable) found = await look();
    } catch {
      for (const message of messages) ledger.revoke(refused(message));
    }
    if (found === null) throw error;
    return found;
  };

  const lookForBatch = async ({ messages, keys, key }: Batch): Promise<BatchInsert | null> => {
    // What was known by its key is not there, and needs no place.
    const isThere = await Promise.all(messages.map(async ({ id }) => (await store.get(id)) !== null));
    const found = isThere.includes(true) ? isThere : await wereStored(messages);
    if (!found.includes(true)) {
      // Of a batch whose every item was known there is nothing but its answer.
      const record = key === null ? null : await store.findKey(key.scope);
      return record !== null && record.fingerprint === key?.fingerprint ? { kind: 'taken', record } : null;
    }
    // All was stored or nothing: what is missing was known by its key.
    const results = found.map((isFound, i) => (isFound ? INSERTED : known(keys[i] ?? null)));
    return { kind: 'inserted', results: await Promise.all(results) };
  };
  const known = async (key: KeyClaim | null): Promise<InsertResult> => {
    const record = key === null ? null : await store.findKey(key.scope);
    if (record === null) throw new Error('an item of a stored batch is neither there nor known');
    return { kind: 'taken', record };
  };

  return {
    async insert(message, key) {
      if (hasFiles(message)) await syncFiles([message]);
      try {
        return (await store.insert([{ row: rowOf(message), key }]))[0];
      } catch (error) {
        return lookUp([message], error, async () => ((await wereStored([message]))[0] === true ? INSERTED : null));
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
    async insertBatch(batch, insert) {
      await syncFiles(batch.messages);
      try {
        return await insert();
      } catch (error) {
        return lookUp(batch.messages, error, () => lookForBatch(batch));
      }
    },
  };
}
