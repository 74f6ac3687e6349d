import type { KeyClaim, KeyedMessage, KeyRecord, StoredAnswer } from '../key-record.ts';
import type { Sql } from './database.ts';

interface KeyRow {
  readonly scope: string;
  readonly fingerprint: string;
  readonly message_id: string | null;
  readonly answer: StoredAnswer | null;
}

const findStatement = `
  SELECT scope, fingerprint, message_id, answer FROM commbox_gateway.idempotency_keys
  WHERE scope = ANY ($1::text[]) AND (keep_until IS NULL OR keep_until > $2)`;
const findKeyedStatement = `
  SELECT k.scope, k.fingerprint, m.id, m.state
  FROM commbox_gateway.idempotency_keys k JOIN commbox_gateway.messages m ON m.id = k.message_id
  WHERE k.scope = ANY ($1::text[]) AND (k.keep_until IS NULL OR k.keep_until > $2)`;
const forgetStatement = `
  DELETE FROM commbox_gateway.idempotency_keys WHERE scope = ANY ($1::text[]) AND keep_until <= $2`;
const forgetBatchStatement = `
  DELETE FROM commbox_gateway.idempotency_keys WHERE scope = $1 AND fingerprint = $2 AND message_id IS NULL`;

/** The records of those keys that are known and not past their time, by scope. */
export async function findKeys(sql: Sql, scopes: readonly string[], now: number): Promise<Map<string, KeyRecord>> {
  const rows = await sql.query<KeyRow>(findStatement, [scopes, now], 'find-keys');
  return new Map(
    rows.map(({ scope, fingerprint, message_id, answer }) => [scope, { fingerprint, messageId: message_id, answer }]),
  );
}

/** The messages that those of the keys stand for that are known and not past their time, by scope. */
export async function findKeyed(sql: Sql, scopes: readonly string[], now: number): Promise<Map<string, KeyedMessage>> {
  const rows = await sql.query<KeyedMessage & Pick<KeyRow, 'scope'>>(findKeyedStatement, [scopes, now], 'find-keyed');
  return new Map(rows.map(({ scope, ...message }) => [scope, message]));
}

/** Forgets those of the keys that are past their time, so that they can be claimed anew. */
export async function forgetExpired(sql: Sql, scopes: readonly string[], now: number): Promise<void> {
  await sql.query(forgetStatement, [scopes, now], 'forget-expired-keys');
}

/** Forgets this key if it stands for a batch. */
export async function forgetBatch(sql: Sql, { scope, fingerprint }: KeyClaim): Promise<void> {
  await sql.query(forgetBatchStatement, [scope, fingerprint], 'forget-batch');
}
