import type { Settlement } from '../requests.ts';
import type { Sql } from './database.ts';
import { judged, scrubbed } from './fragments.ts';
import { jsonOf, plainJsonOf, storable } from './rows.ts';

// One statement, hence atomic: messages, their keys and their attachments. A message is settled only while its row names
// the lease; the process that recovers takes that away. A connection can be lost while the server goes on with its
// statement: a settlement that comes so late must not be taken for one of the attempt after it. Of `settled` only those
// count that were updated.
const settleStatement = `
  WITH given AS (
    SELECT * FROM unnest(
      $2::text[], $3::text[], $4::jsonb[], $5::bigint[], $6::jsonb[], $7::jsonb[], $8::text[], $9::bigint[],
      $10::bigint[], $11::boolean[], $12::text[], $13::json[], $14::bigint[], $15::bigint[]
    ) AS g(id, state, attempt, ready_at, unclear, failure, object_id, sent_at, ended_at, erase, key_effect, answer, keep_until,
      taken_at)
  ), settled AS (
    UPDATE commbox_gateway.messages m SET
      state = g.state,
      attempts = CASE WHEN g.attempt IS NULL THEN m.attempts ELSE m.attempts || g.attempt END,
      ready_at = coalesce(g.ready_at, m.ready_at),
      unclear = CASE WHEN g.erase THEN ${scrubbed('coalesce(g.unclear, m.unclear)')} ELSE coalesce(g.unclear, m.unclear) END,
      failure = CASE WHEN g.erase THEN ${scrubbed('coalesce(g.failure, m.failure)')} ELSE coalesce(g.failure, m.failure) END,
      object_id = coalesce(g.object_id, m.object_id),
      sent_at = coalesce(g.sent_at, m.sent_at),
      ended_at = coalesce(g.ended_at, m.ended_at),
      lease = CASE WHEN g.state = 'sending' OR (g.state = 'queued' AND m.mode = 'sync') THEN m.lease END,
      body = CASE WHEN g.erase THEN NULL ELSE m.body END,
      files = CASE WHEN g.erase THEN NULL ELSE m.files END,
      request_id = CASE WHEN g.erase THEN '' ELSE m.request_id END,
      traceparent = CASE WHEN g.erase THEN NULL ELSE m.traceparent END,
      is_erased = m.is_erased OR g.erase
    FROM given g
    WHERE m.id = g.id
      AND ${judged("m.lease = $1 AND (m.state = 'sending' OR (m.state = 'queued' AND m.mode = 'sync'))")}
      AND (g.taken_at IS NULL OR m.taken_at = g.taken_at)
    RETURNING m.id, g.erase, g.key_effect, g.answer, g.keep_until
  ), kept AS (
    UPDATE commbox_gateway.idempotency_keys k SET answer = s.answer, keep_until = s.keep_until
    FROM settled s WHERE s.key_effect = 'keep' AND k.message_id = s.id
  ), freed AS (
    DELETE FROM commbox_gateway.idempotency_keys k
    USING settled s WHERE s.key_effect = 'free' AND k.message_id = s.id
  ), unfiled AS (
    DELETE FROM commbox_gateway.message_files f USING settled s WHERE s.erase AND f.message_id = s.id
  )
  SELECT id FROM settled`;

/** Applies settlements under a lease: true for each whose message was held. No id may come twice. */
export async function settleMessages(
  sql: Sql,
  settlements: readonly Settlement[],
  lease: string,
): Promise<readonly boolean[]> {
  const column = <T>(of: (settlement: Settlement) => T) => settlements.map(of);
  const rows = await sql.query<{ id: string }>(
    settleStatement,
    [
      lease,
      column(({ id }) => id),
      column(({ state }) => state),
      column(({ attempt }) => plainJsonOf(attempt)),
      column(({ readyAt }) => wholeMs(readyAt)),
      column(({ unclear }) => plainJsonOf(unclear)),
      column(({ failure }) => plainJsonOf(failure)),
      column(({ objectId }) => storable(objectId ?? null)),
      column(({ sentAt }) => wholeMs(sentAt)),
      column(({ endedAt }) => wholeMs(endedAt)),
      column(({ erase }) => erase),
      column(({ key }) => key?.kind ?? null),
      column(({ key }) => (key?.kind === 'keep' ? jsonOf(key.answer) : null)),
      column(({ key }) => (key?.kind === 'keep' ? wholeMs(key.until) : null)),
      column(({ takenAt }) => wholeMs(takenAt)),
    ],
    'settle-messages',
  );
  const settled = new Set(rows.map(({ id }) => id));
  return settlements.map(({ id }) => settled.has(id));
}

function wholeMs(time: number | undefined): number | null {
  return time === undefined ? null : Math.ceil(time);
}
