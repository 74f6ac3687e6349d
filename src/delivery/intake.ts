import type { Spool } from '../attachments/spool.ts';
import type { Clock } from '../kernel/clock.ts';
import { StorageUnavailable } from '../store/errors.ts';
import type { KeyClaim } from '../store/key-record.ts';
import type { InsertResult } from '../store/requests.ts';
import type { Store } from '../store/store.ts';
import type { Message } from './message.ts';
import * as outcomes from './outcomes.ts';
import { filesOf } from './payload.ts';
import type { Revocations } from './revocations.ts';
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
  /**
   * Resolves once it is certain that what this key stands for in the store stays. Rejects with `StorageUnavailable` while it
   * is being taken back: its request was told that nothing was accepted, and so must its repeats be.
   */
  certain(scope: string): Promise<void>;
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
  readonly revocations: Pick<Revocations, 'add' | 'holds'>;
  readonly clock: Clock;
}

type BatchInsert = Awaited<ReturnType<Store['insertBatch']>>;

const INSERTED: InsertResult = { kind: 'inserted' };

/** An insert whose end is open. */
interface Pending {
  readonly scopes: ReadonlySet<string>;
  readonly ended: Promise<unknown>;
}

export function createIntake({ store, spool, revocations, clock }: IntakeOptions): Intake {
  const pending = new Set<Pending>();

  const keyed = async <T>(keys: readonly KeyClaim[], insert: () => Promise<T>): Promise<T> => {
    if (keys.length === 0) return insert();
    const inserted = insert();
    const one = { scopes: new Set(keys.map(({ scope }) => scope)), ended: inserted.catch(() => undefined) };
    pending.add(one);
    return inserted.finally(() => pending.delete(one));
  };

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
  const lookUp = async <Found>(batch: Batch, error: unknown, look: () => Promise<Found | null>) => {
    let found: Found | null = null;
    try {
      if (error instanceof StorageUnavailable) found = await look();
    } catch {
      revocations.add({ messages: batch.messages.map(refused), keys: keysOf(batch), batch: batch.key });
    }
    if (found === null) throw error;
    return found;
  };

  const areThere = (messages: readonly Message[]) =>
    Promise.all(messages.map(async ({ id }) => (await store.get(id)) !== null));

  const lookForBatch = async ({ messages, keys, key }: Batch): Promise<BatchInsert | null> => {
    // What was known by its key is not there, and needs no place.
    const isThere = await areThere(messages);
    // Asked one by one: with one that is there all are, also those that had not come when they were asked for.
    const found = isThere.includes(true) ? await areThere(messages) : await wereStored(messages);
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
      return keyed(key === null ? [] : [key], async () => {
        try {
          return (await store.insert([{ row: rowOf(message), key }]))[0];
        } catch (error) {
          const batch = { messages: [message], keys: [key], key: null };
          return lookUp(batch, error, async () => ((await wereStored([message]))[0] === true ? INSERTED : null));
        }
      });
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
      return keyed(keysOf(batch), async () => {
        try {
          return await insert();
        } catch (error) {
          return lookUp(batch, error, () => lookForBatch(batch));
        }
      });
    },
    async certain(scope) {
      await Promise.all([...pending].map(({ scopes, ended }) => (scopes.has(scope) ? ended : null)));
      if (revocations.holds(scope)) throw new StorageUnavailable('what this key stands for is being taken back');
    },
  };
}

const keysOf = ({ keys, key }: Batch): KeyClaim[] => [...keys, key].filter((one) => one !== null);
