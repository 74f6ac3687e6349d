import { messageChannels } from '../../access/caller.ts';
import type { Resolution, Settlement } from '../requests.ts';
import type { Content } from './content.ts';
import type { StoreContext } from './context.ts';
import { literals } from './filters.ts';
import { lineOf } from './fresh-rows.ts';
import type { Keys } from './keys.ts';
import { scrubbed, toJson, wholeMs } from './rows.ts';

const HELD = `
  SELECT seq, mode, attempts, unclear, failure, object_id, sent_at, ended_at, ready_at, request_id, traceparent
  FROM messages
  WHERE id = :id AND lease = :lease AND (state = 'sending' OR (state = 'queued' AND mode = 'sync'))
    AND (:takenAt IS NULL OR begun_at = :takenAt)`;
const SETTLE = `
  UPDATE messages SET
    state = :state, attempts = :attempts, unclear = :unclear, failure = :failure, object_id = :objectId,
    sent_at = :sentAt, ended_at = :endedAt, ready_at = :readyAt, line = :line, lease = :lease, begun_at = NULL,
    request_id = :requestId, traceparent = :traceparent, is_erased = :isErased
  WHERE seq = :seq`;
const UNKNOWN = `SELECT seq, account, unclear, failure FROM messages WHERE id = :id AND state = 'unknown'`;
const OBJECT_OF_ANOTHER = `
  SELECT 1 FROM messages INDEXED BY messages_by_channel
  WHERE channel IN (${literals(messageChannels).join(', ')})
    AND created_at BETWEEN :from AND :to AND object_id = :objectId AND account = :account AND seq <> :seq LIMIT 1`;
const RESOLVE_SENT = `
  UPDATE messages SET
    state = 'sent', object_id = :objectId, sent_at = :now, ended_at = :now, failure = NULL, unclear = :unclear,
    request_id = '', traceparent = NULL, is_erased = 1
  WHERE seq = :seq`;
const RESOLVE_FAILED = `UPDATE messages SET state = 'failed', ended_at = :now WHERE seq = :seq`;

/** Operations that say how an attempt ended. */
export function createSettling({ database, lease }: StoreContext, content: Content, keys: Keys) {
  const settleOne = (settlement: Settlement, now: number): boolean => {
    const { id, takenAt = null, state, attempt, erase, key } = settlement;
    const held = database.one(HELD, { id, takenAt, lease: lease.id });
    if (held === undefined) return false;
    const seq = held['seq'] as number;
    const kept = <T>(column: string): T => held[column] as T;
    const unclear = settlement.unclear === undefined ? kept<string | null>('unclear') : toJson(settlement.unclear);
    const failure = settlement.failure === undefined ? kept<string | null>('failure') : toJson(settlement.failure);
    const readyAt = wholeMs(settlement.readyAt ?? kept<number>('ready_at')) as number;
    const isQueued = state === 'queued';
    database.run(SETTLE, {
      seq,
      state,
      attempts: attempt === null ? kept<string>('attempts') : withAttempt(kept('attempts'), attempt),
      unclear: erase ? scrubbed(unclear) : unclear,
      failure: erase ? scrubbed(failure) : failure,
      objectId: settlement.objectId === undefined ? kept<string | null>('object_id') : settlement.objectId,
      sentAt: wholeMs(settlement.sentAt ?? kept<number | null>('sent_at')),
      endedAt: wholeMs(settlement.endedAt ?? kept<number | null>('ended_at')),
      readyAt,
      line: isQueued && kept('mode') === 'async' ? lineOf(readyAt, now) : null,
      lease: state === 'sending' || (isQueued && kept('mode') === 'sync') ? lease.id : null,
      requestId: erase ? '' : kept<string>('request_id'),
      traceparent: erase ? null : kept<string | null>('traceparent'),
      isErased: erase ? 1 : 0,
    });
    if (erase) content.erase(seq);
    if (key !== null) keys.apply(id, key);
    return true;
  };

  return {
    settle: (settlements: readonly Settlement[], now: number): boolean[] =>
      settlements.map((settlement) => settleOne(settlement, now)),

    resolve(id: string, to: Resolution): boolean {
      const unknown = database.one(UNKNOWN, { id });
      if (unknown === undefined) return false;
      const seq = unknown['seq'] as number;
      const { objectId, unlessAnothersOf: twins } = to;
      const account = unknown['account'] as string;
      if (twins !== undefined && database.one(OBJECT_OF_ANOTHER, { ...twins, objectId, account, seq })) return false;
      const now = Math.ceil(to.now);
      if (to.state === 'failed') return database.run(RESOLVE_FAILED, { seq, now }) === 1;
      content.erase(seq);
      const unclear = scrubbed(unknown['unclear'] as string | null);
      return database.run(RESOLVE_SENT, { seq, now, objectId, unclear }) === 1;
    },
  };
}

/** Appends to a JSON list of attempts without reading it. */
export function withAttempt(attempts: string, attempt: unknown): string {
  const json = JSON.stringify(attempt);
  return attempts === '[]' ? `[${json}]` : `${attempts.slice(0, -1)},${json}]`;
}
