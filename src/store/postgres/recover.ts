import { interrupted, neverSent } from '../abandoned.ts';
import type { Sql } from './database.ts';
import type { Lease } from './lease.ts';

export interface RecoverRequest {
  /** Epoch milliseconds. */
  readonly now: number;
  readonly resend: { readonly attempts: number; readonly delayMs: number };
  readonly keepKeysUntil: number;
}

// Orphans are the rows whose lease is gone, so that a recovery that is itself cut off is simply repeated by the next.
const recoverStatement = `
  WITH orphans AS (
    SELECT id, state = 'sending' AS was_sending, unclear IS NOT NULL AS is_doubtful,
      state = 'sending' AND mode = 'async' AND on_unknown = 'resend' AND 1 + (
        SELECT count(*) FROM jsonb_array_elements(attempts) AS a(attempt)
        WHERE attempt ->> 'outcome' IN ('unclear', 'interrupted')
      ) < $2 AS goes_again
    FROM commbox_gateway.messages m
    WHERE lease IS NOT NULL
      AND NOT EXISTS (SELECT FROM commbox_gateway.replicas r WHERE r.lease = m.lease)
    ORDER BY id FOR UPDATE SKIP LOCKED
  ), recovered AS (
    UPDATE commbox_gateway.messages m SET
      lease = NULL,
      state = CASE WHEN o.goes_again THEN 'queued' WHEN o.was_sending OR o.is_doubtful THEN 'unknown' ELSE 'failed' END,
      attempts = CASE WHEN o.was_sending THEN m.attempts || jsonb_build_object(
        'at', coalesce(m.taken_at, m.created_at), 'durationMs', 0, 'outcome', 'interrupted', 'upstreamStatus', NULL
      ) ELSE m.attempts END,
      unclear = CASE WHEN o.was_sending THEN $5::jsonb ELSE m.unclear END,
      failure = CASE
        WHEN o.goes_again THEN m.failure WHEN o.was_sending THEN $5::jsonb WHEN o.is_doubtful THEN m.unclear
        ELSE $6::jsonb END,
      ready_at = CASE WHEN o.goes_again THEN $1::bigint + $3::bigint ELSE m.ready_at END,
      ended_at = CASE WHEN o.goes_again THEN NULL ELSE $1::bigint END
    FROM orphans o WHERE m.id = o.id
    RETURNING m.id, m.state
  ), kept AS (
    UPDATE commbox_gateway.idempotency_keys k SET keep_until = $4
    FROM recovered r WHERE r.state = 'unknown' AND k.message_id = r.id
  ), freed AS (
    DELETE FROM commbox_gateway.idempotency_keys k
    USING recovered r WHERE r.state = 'failed' AND k.message_id = r.id
  )
  SELECT id FROM recovered`;

/**
 * Ends what processes without a lease left behind, and resolves with the ids. Must run in a transaction: a process that
 * renews its lease meanwhile either comes first and keeps its messages, or finds its lease gone.
 */
export async function recoverOrphans(sql: Sql, lease: Lease, request: RecoverRequest): Promise<readonly string[]> {
  await lease.endOthers(sql);
  const { now, resend, keepKeysUntil } = request;
  const values = [now, resend.attempts, resend.delayMs, keepKeysUntil, interrupted, neverSent];
  const rows = await sql.query<{ id: string }>(recoverStatement, values);
  return rows.map(({ id }) => id);
}
