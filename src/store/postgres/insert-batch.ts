import type { KeyClaim, KeyRecord, StoredAnswer } from '../key-record.ts';
import type { InsertResult, NewMessage } from '../requests.ts';
import type { Sql } from './database.ts';
import { type InsertContext, insertMessages } from './insert.ts';
import { findKeys, forgetExpired } from './keys.ts';
import { jsonOf } from './rows.ts';

/** A batch of messages that share a key and an answer. */
export interface Batch {
  readonly messages: readonly NewMessage[];
  readonly key: KeyClaim | null;
  readonly answer: (results: readonly InsertResult[]) => StoredAnswer;
  /** Epoch milliseconds. */
  readonly keepUntil: number;
}

export type BatchResult =
  | { readonly kind: 'inserted'; readonly results: readonly InsertResult[] }
  | { readonly kind: 'taken'; readonly record: KeyRecord };

const claimStatement = `
  INSERT INTO commbox_gateway.idempotency_keys (scope, fingerprint, keep_until) VALUES ($1, $2, $3)
  ON CONFLICT (scope) DO NOTHING RETURNING scope`;
const answerStatement = 'UPDATE commbox_gateway.idempotency_keys SET answer = $2::json WHERE scope = $1';

/**
 * Claims the key of a batch, stores its messages and then its answer. Must run in a transaction: then a second request
 * with the same key waits here for the end of the first, and sees its answer.
 */
export async function insertBatch(sql: Sql, batch: Batch, context: InsertContext): Promise<BatchResult> {
  const { key } = batch;
  if (key === null) return { kind: 'inserted', results: await insertMessages(sql, batch.messages, context) };
  const record = await claim(sql, key, batch.keepUntil, context.now);
  if (record !== null) return { kind: 'taken', record };
  const results = await insertMessages(sql, batch.messages, context);
  await sql.query(answerStatement, [key.scope, jsonOf(batch.answer(results))]);
  return { kind: 'inserted', results };
}

async function claim(sql: Sql, key: KeyClaim, keepUntil: number, now: number): Promise<KeyRecord | null> {
  await forgetExpired(sql, [key.scope], now);
  const claimed = await sql.query(claimStatement, [key.scope, key.fingerprint, keepUntil]);
  if (claimed.length > 0) return null;
  const record = (await findKeys(sql, [key.scope], now)).get(key.scope);
  return record ?? claim(sql, key, keepUntil, now);
}
