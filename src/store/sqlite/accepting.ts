import { isDeepStrictEqual } from 'node:util';
import type { KeyClaim, KeyRecord, StoredAnswer } from '../key-record.ts';
import type { MessageRow } from '../message-row.ts';
import type { InsertResult, NewMessage } from '../requests.ts';
import type { Content } from './content.ts';
import type { StoreContext } from './context.ts';
import { addFresh, type FreshMessages, INSERTED, isFresh, lineOf } from './fresh-rows.ts';
import { createFreshInsert } from './inserting-fresh.ts';
import type { Keys } from './keys.ts';
import { CHANGEABLE, messageColumns, toValues } from './rows.ts';

export type BatchResult =
  | { readonly kind: 'inserted'; readonly results: readonly InsertResult[] }
  | { readonly kind: 'taken'; readonly record: KeyRecord }
  /** Keys were claimed since the results were foreseen. Nothing was inserted. */
  | { readonly kind: 'changed' };

const columns = [...messageColumns, 'line', 'lease', 'begun_at', 'is_recorded'];
const INSERT = `INSERT INTO messages (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
const INSERT_OR_CHANGE = `
  ${INSERT}
  ON CONFLICT (id) DO UPDATE SET ${columns.map((name) => `${name} = excluded.${name}`).join(', ')}
  WHERE ${CHANGEABLE}
  RETURNING seq`;

/** Operations that put messages into the store. */
export function createAccepting(context: StoreContext, content: Content, keys: Keys) {
  const { database, lease } = context;

  const values = (row: MessageRow, now: number, isRecorded: boolean) => {
    const isSending = row.state === 'sending';
    const isHeld = isSending || (row.state === 'queued' && row.mode === 'sync');
    const line = row.state === 'queued' && row.mode === 'async' ? lineOf(row.readyAt, now) : null;
    return [...toValues(row), line, isHeld ? lease.hold(now) : null, isSending ? now : null, isRecorded ? 1 : 0];
  };

  const insertOne = ({ row, key }: NewMessage, now: number): InsertResult => {
    const record = key === null ? null : keys.find(key.scope, now);
    if (record !== null) return { kind: 'taken', record };
    const seq = database.insert(INSERT, values(row, now, false));
    content.write(seq, row);
    if (key !== null) keys.claim(key, row.id, null, null, now);
    return { kind: 'inserted' };
  };
  const insertFresh = createFreshInsert(database);
  const insert = (messages: readonly NewMessage[], now: number): InsertResult[] => {
    const results: InsertResult[] = [];
    for (let at = 0; at < messages.length; at = results.length) {
      const fresh: FreshMessages = { cells: [], bodies: [] };
      for (let next = messages[at]; next !== undefined && isFresh(next); next = messages[results.length]) {
        addFresh(next, now, fresh);
        results.push(INSERTED);
      }
      insertFresh(fresh);
      const other = messages[results.length];
      if (other !== undefined) results.push(insertOne(other, now));
    }
    return results;
  };

  return {
    insert,
    insertFresh,

    /** What `insertBatch` would return for these keys now, given in the order of its messages. */
    foreseeBatch(items: readonly KeyedId[], batch: KeyClaim | null, now: number): BatchResult {
      const record = batch === null ? null : keys.find(batch.scope, now);
      if (record !== null) return { kind: 'taken', record };
      const firsts = new Map<string, KeyRecord>();
      const results = items.map(({ id, key }): InsertResult => {
        if (key === null) return { kind: 'inserted' };
        const taken = firsts.get(key.scope) ?? keys.find(key.scope, now);
        if (taken !== null) return { kind: 'taken', record: taken };
        firsts.set(key.scope, { fingerprint: key.fingerprint, messageId: id, answer: null });
        return { kind: 'inserted' };
      });
      return { kind: 'inserted', results };
    },

    /** Inserts nothing unless the results are those that `answer` was made from. */
    insertBatch(batch: BatchRequest): BatchResult {
      const { messages, claim, foreseen, answer, keepUntil, now } = batch;
      const items = messages.map(({ row, key }) => ({ id: row.id, key }));
      const current = this.foreseeBatch(items, claim, now);
      if (current.kind !== 'inserted') return current;
      if (!isDeepStrictEqual(current.results, foreseen)) return { kind: 'changed' };
      insert(messages, now);
      if (claim !== null) keys.claim(claim, null, answer, keepUntil, now);
      return current;
    },

    record(rows: readonly MessageRow[], now: number): void {
      for (const row of rows) {
        const seq = database.one(INSERT_OR_CHANGE, values(row, now, true))?.['seq'] as number | undefined;
        if (seq !== undefined) content.replace(seq, row);
      }
    },
  };
}

export interface KeyedId {
  readonly id: string;
  readonly key: KeyClaim | null;
}

export interface BatchRequest {
  readonly messages: readonly NewMessage[];
  readonly claim: KeyClaim | null;
  readonly foreseen: readonly InsertResult[];
  readonly answer: StoredAnswer;
  readonly keepUntil: number;
  readonly now: number;
}
