import type { Clock } from '../../kernel/clock.ts';
import type { StoredAnswer } from '../key-record.ts';
import type { InsertResult, NewMessage } from '../requests.ts';
import { createBatcher } from './batcher.ts';
import type { Copies } from './copies.ts';
import type { Database } from './database.ts';
import { dropFiles, filesOf, needsStoredFiles, storeFiles } from './files.ts';
import { insertMessages } from './insert.ts';
import { type Batch, type BatchResult, insertBatch } from './insert-batch.ts';
import type { Lease } from './lease.ts';
import type { Listener } from './listener.ts';
import { blamesData } from './storage-errors.ts';

/** The ways into the store. */
export interface Inserting {
  insert(messages: readonly NewMessage[]): Promise<readonly InsertResult[]>;
  insertBatch(batch: Batch): Promise<BatchResult>;
  /** Resolves when nothing is on its way. */
  idle(): Promise<void>;
}

export interface InsertingOptions {
  readonly database: Database;
  readonly lease: Lease;
  readonly clock: Clock;
  readonly copies: Copies;
  readonly listener: Pick<Listener, 'tell'>;
}

const CALLS_PER_STATEMENT = 200;
// Of the pool's connections, inserts may hold a few: attachments keep theirs for a second or more.
const STATEMENTS_AT_ONCE = 2;
const TRANSACTIONS_AT_ONCE = 3;

/** Calls that arrive together become one statement; those with attachments, and batches, have a transaction each. */
export function createInserting(options: InsertingOptions): Inserting {
  const { database, lease, clock, copies, listener } = options;
  const context = () => ({ lease, now: Math.ceil(clock.now()) });

  const plain = createBatcher<readonly NewMessage[], readonly InsertResult[]>({
    async run(calls) {
      const results = await insertMessages(database, calls.flat(), context());
      const next = results.values();
      return calls.map((call) => call.map(() => next.next().value as InsertResult));
    },
    maxItems: CALLS_PER_STATEMENT,
    parallel: STATEMENTS_AT_ONCE,
    isolates: blamesData,
  });

  const large = createBatcher<Batch, BatchResult>({
    run: async (batches) => [await database.transaction((sql) => storeBatch(batches[0] as Batch, sql, context()))],
    maxItems: 1,
    parallel: TRANSACTIONS_AT_ONCE,
    isolates: () => false,
  });

  function announce(messages: readonly NewMessage[], results: readonly InsertResult[]): void {
    const stored = messages.filter((_, index) => results[index]?.kind === 'inserted').map(({ row }) => row);
    for (const row of stored) if (needsStoredFiles(row)) copies.keep(row.id, filesOf(row));
    const now = clock.now();
    const isReady = stored.some(({ mode, state, readyAt }) => mode === 'async' && state === 'queued' && readyAt <= now);
    if (isReady) listener.tell('ready', null);
  }

  return {
    async insert(messages) {
      const isLarge = messages.some(({ row }) => needsStoredFiles(row));
      if (!isLarge) {
        const results = await plain.add(messages);
        announce(messages, results);
        return results;
      }
      const result = await large.add({ messages, key: null, answer: noAnswer, keepUntil: 0 });
      const results = result.kind === 'inserted' ? result.results : [];
      announce(messages, results);
      return results;
    },
    async insertBatch(batch) {
      const result = await large.add(batch);
      if (result.kind === 'inserted') announce(batch.messages, result.results);
      return result;
    },
    async idle() {
      await Promise.all([plain.idle(), large.idle()]);
    },
  };
}

// The attachments go first: from the claim of a key on, others with the same key wait for the end of the transaction.
async function storeBatch(
  batch: Batch,
  sql: Parameters<typeof insertBatch>[0],
  context: Parameters<typeof insertBatch>[2],
): Promise<BatchResult> {
  const withFiles = batch.messages.filter(({ row }) => needsStoredFiles(row));
  for (const { row } of withFiles) await storeFiles(sql, row);
  const result = await insertBatch(sql, batch, context);
  for (const message of withFiles) {
    const isStored = result.kind === 'inserted' && result.results[batch.messages.indexOf(message)]?.kind === 'inserted';
    if (!isStored) await dropFiles(sql, message.row);
  }
  return result;
}

function noAnswer(): StoredAnswer {
  throw new TypeError('only a batch with a key has an answer');
}
