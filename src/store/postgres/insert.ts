import { StorageUnavailable } from '../errors.ts';
import type { KeyRecord } from '../key-record.ts';
import type { MessageRow } from '../message-row.ts';
import type { InsertResult, NewMessage } from '../requests.ts';
import type { Sql } from './database.ts';
import { findKeys, forgetExpired } from './keys.ts';
import type { Lease } from './lease.ts';
import { columnArrays, columnNames, columnTypes } from './rows.ts';

export interface InsertContext {
  readonly lease: Lease;
  /** Epoch milliseconds. */
  readonly now: number;
}

const names = columnNames.join(', ');
const after = columnNames.length;

// One statement, hence atomic: keys are claimed and messages stored, those without a claim left out. Keys are claimed in
// the order of their text, because two statements that claim the same keys in different orders would block each other
// for good. Rows that this process answers for are left out once its lease is gone: nobody would ever end them.
const insertStatement = `
  WITH holder AS (
    SELECT EXISTS (SELECT FROM commbox_gateway.replicas WHERE lease = $${after + 3}::uuid) AS is_valid
  ), given AS (
    SELECT * FROM unnest(${columnTypes}, $${after + 1}::text[], $${after + 2}::text[])
      AS g(${names}, scope, fingerprint)
    WHERE g.lease IS NULL OR (SELECT is_valid FROM holder)
  ), claimed AS (
    INSERT INTO commbox_gateway.idempotency_keys (scope, fingerprint, message_id)
    SELECT scope, fingerprint, id FROM given WHERE scope IS NOT NULL ORDER BY scope
    ON CONFLICT (scope) DO NOTHING
    RETURNING scope
  ), stored AS (
    INSERT INTO commbox_gateway.messages (${names})
    SELECT ${names} FROM given WHERE scope IS NULL OR scope IN (SELECT scope FROM claimed)
    RETURNING id
  )
  SELECT array(SELECT id FROM stored) AS ids, (SELECT is_valid FROM holder) AS holds_lease`;

// A key can be freed between the attempt to claim it and the look at it. That often in a row means something is broken.
const ROUNDS = 20;

/**
 * Stores messages and claims their keys; of each whose key is taken, nothing. Results in order. Every round is one
 * statement; run it in a transaction where the whole must be atomic.
 */
export async function insertMessages(
  sql: Sql,
  messages: readonly NewMessage[],
  context: InsertContext,
): Promise<InsertResult[]> {
  const results = new Map<NewMessage, InsertResult>();
  const { firsts, repeats } = splitRepeats(messages);
  let pending: readonly NewMessage[] = firsts;
  for (let round = 0; pending.length > 0; round++) {
    if (round === ROUNDS) throw new StorageUnavailable('the keys keep changing');
    pending = await insertRound(sql, pending, context, results);
  }
  for (const [repeat, first] of repeats) results.set(repeat, { kind: 'taken', record: recordOf(first, results) });
  return messages.map((message) => results.get(message) ?? { kind: 'inserted' });
}

/** Adds the results that are certain, and returns what must be tried again. */
async function insertRound(
  sql: Sql,
  messages: readonly NewMessage[],
  { lease, now }: InsertContext,
  results: Map<NewMessage, InsertResult>,
): Promise<readonly NewMessage[]> {
  const usedLease = lease.id;
  const values = [
    ...columnArrays(rowsOf(messages), { lease: usedLease, now, isRecorded: false }),
    messages.map(({ key }) => key?.scope ?? null),
    messages.map(({ key }) => key?.fingerprint ?? null),
    usedLease,
  ];
  const [outcome] = await sql.query<{ ids: string[]; holds_lease: boolean }>(
    insertStatement,
    values,
    'insert-messages',
  );
  const stored = new Set(outcome?.ids);
  for (const message of messages) if (stored.has(message.row.id)) results.set(message, { kind: 'inserted' });
  const left = messages.filter((message) => !results.has(message));
  if (outcome?.holds_lease === false) await lease.replace(usedLease);
  const scopes = left.flatMap(({ key }) => (key === null ? [] : [key.scope]));
  if (scopes.length === 0) return left;

  const taken = await findKeys(sql, scopes, now);
  for (const message of left) {
    const record = message.key === null ? undefined : taken.get(message.key.scope);
    if (record !== undefined) results.set(message, { kind: 'taken', record });
  }
  const free = scopes.filter((scope) => !taken.has(scope));
  if (free.length > 0) await forgetExpired(sql, free, now);
  return left.filter((message) => !results.has(message));
}

/** Of several messages with one key the first counts; the others are told what became of it. */
function splitRepeats(messages: readonly NewMessage[]) {
  const firsts: NewMessage[] = [];
  const repeats: [NewMessage, NewMessage][] = [];
  const byScope = new Map<string, NewMessage>();
  for (const message of messages) {
    const first = message.key === null ? undefined : byScope.get(message.key.scope);
    if (first !== undefined) repeats.push([message, first]);
    else firsts.push(message);
    if (message.key !== null && first === undefined) byScope.set(message.key.scope, message);
  }
  return { firsts, repeats };
}

function recordOf(first: NewMessage, results: Map<NewMessage, InsertResult>): KeyRecord {
  const result = results.get(first);
  if (result?.kind === 'taken') return result.record;
  return { fingerprint: first.key?.fingerprint ?? '', messageId: first.row.id, answer: null };
}

function rowsOf(messages: readonly NewMessage[]): readonly MessageRow[] {
  return messages.map(({ row }) => row);
}
