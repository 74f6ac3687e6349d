import { basename } from 'node:path';
import type { SpooledFile } from '../../attachments/spool.ts';
import type { EndedMessage, ExpiryReason } from '../requests.ts';
import type { Sql } from './database.ts';
import { ended, ending, erasing, scrubbed } from './fragments.ts';
import { plainJsonOf } from './rows.ts';

const reason = `(
      SELECT given.reason -> 'failure' FROM jsonb_array_elements($4::jsonb) WITH ORDINALITY AS given(reason, nth)
      WHERE coalesce(given.reason ->> 'account', m.account) = m.account
        AND coalesce(given.reason ->> 'lane', m.lane) = m.lane
        AND coalesce(given.reason ->> 'caller', m.caller) = m.caller
      ORDER BY given.nth LIMIT 1
    )`;

const expireStatement = `
  WITH late AS (
    SELECT id FROM commbox_gateway.messages
    WHERE state = 'queued' AND mode = 'async' AND NOT is_recorded AND expires_at <= $1
    ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
  ), expired AS (
    UPDATE commbox_gateway.messages m SET ${ending('m', 'expired', '$1', reason)} FROM late WHERE m.id = late.id
    RETURNING ${ended('m')}
  ), kept AS (
    UPDATE commbox_gateway.idempotency_keys k SET keep_until = $3 FROM expired WHERE k.message_id = expired.id
  )
  SELECT * FROM expired`;

const eraseStatement = `
  WITH chosen AS (
    SELECT id, files FROM commbox_gateway.messages
    WHERE ended_at < $1 AND ended_at IS NOT NULL AND NOT is_erased
    ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED
  ), erased AS (
    UPDATE commbox_gateway.messages m SET ${erasing('m')}, failure = ${scrubbed('m.failure')}
    FROM chosen WHERE m.id = chosen.id
  ), unfiled AS (
    DELETE FROM commbox_gateway.message_files f USING chosen WHERE f.message_id = chosen.id
  )
  SELECT files FROM chosen`;

const forgetKeysStatement = `
  DELETE FROM commbox_gateway.idempotency_keys WHERE scope IN (
    SELECT scope FROM commbox_gateway.idempotency_keys
    WHERE keep_until <= $1 ORDER BY keep_until LIMIT $2 FOR UPDATE SKIP LOCKED
  ) RETURNING scope`;

// A message ends after it was accepted, so that the index of ages leads to all that ended early enough.
const deleteStatement = `
  WITH chosen AS (
    SELECT id FROM commbox_gateway.messages
    WHERE created_at < $1 AND ended_at < $1
    ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED
  ), unkeyed AS (
    DELETE FROM commbox_gateway.idempotency_keys k USING chosen WHERE k.message_id = chosen.id
  )
  DELETE FROM commbox_gateway.messages m USING chosen WHERE m.id = chosen.id RETURNING m.id, m.files`;

const filesStatement = 'SELECT files FROM commbox_gateway.messages WHERE files IS NOT NULL';

interface FilesRow {
  readonly files: readonly SpooledFile[] | null;
}

/** Ends queued messages that are past their time, `limit` at most; resolves with them. */
export async function expireMessages(
  sql: Sql,
  now: number,
  limit: number,
  keepKeysUntil: number,
  reasons: readonly ExpiryReason[],
): Promise<readonly EndedMessage[]> {
  return sql.query<EndedMessage>(expireStatement, [now, limit, keepKeysUntil, plainJsonOf(reasons)]);
}

/** Erases, forgets and deletes what is past its time, `limit` of each; resolves with the spool names that were needed. */
export async function sweepMessages(
  sql: Sql,
  until: { readonly now: number; readonly erasedBefore: number; readonly deletedBefore: number },
  limit: number,
): Promise<{ readonly files: readonly string[]; readonly more: boolean }> {
  const erased = await sql.query<FilesRow>(eraseStatement, [until.erasedBefore, limit]);
  const forgotten = await sql.query(forgetKeysStatement, [until.now, limit]);
  const deleted = await sql.query<FilesRow>(deleteStatement, [until.deletedBefore, limit]);
  return {
    files: namesOf([...erased, ...deleted]),
    more: [erased, forgotten, deleted].some(({ length }) => length === limit),
  };
}

/** The spool names of all attachments that are not erased. */
export async function findNeededFiles(sql: Sql): Promise<ReadonlySet<string>> {
  return new Set(namesOf(await sql.query<FilesRow>(filesStatement)));
}

function namesOf(rows: readonly FilesRow[]): string[] {
  return rows.flatMap(({ files }) => (files ?? []).map(({ path }) => basename(path)));
}
