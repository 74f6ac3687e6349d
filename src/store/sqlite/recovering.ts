import { interrupted, neverSent } from '../abandoned.ts';
import type { AttemptRecord } from '../message-row.ts';
import type { StoreContext } from './context.ts';
import type { Cells } from './database.ts';
import type { Keys } from './keys.ts';
import { toJson } from './rows.ts';
import { withAttempt } from './settling.ts';

const END_LEASES = 'DELETE FROM leases WHERE ends_at <= :now AND id <> :own';
const ABANDONED = `
  SELECT seq, id, state, mode, on_unknown, attempts, unclear, begun_at
  FROM messages INDEXED BY messages_held
  WHERE lease IS NOT NULL AND lease NOT IN (SELECT id FROM leases)
  ORDER BY id`;
const END = `
  UPDATE messages SET
    state = :state, attempts = :attempts, unclear = :unclear, failure = :failure,
    ended_at = :now, lease = NULL, begun_at = NULL
  WHERE seq = :seq`;
const QUEUE_AGAIN = `
  UPDATE messages SET
    state = 'queued', attempts = :attempts, unclear = :unclear, ready_at = :readyAt, line = 'later',
    lease = NULL, begun_at = NULL
  WHERE seq = :seq`;

/** Operations on leases, and on what was held under those that ran out. */
export function createRecovering({ database, lease }: StoreContext, keys: Keys) {
  const settle = (row: Cells, request: RecoverRequest): void => {
    const { now, resend } = request;
    const [seq, id] = [row['seq'] as number, row['id'] as string];
    const wasSending = row['state'] === 'sending';
    const attempts = row['attempts'] as string;
    const tried = wasSending ? withAttempt(attempts, cutOff((row['begun_at'] as number | null) ?? now)) : attempts;
    const unclear = wasSending ? toJson(interrupted) : (row['unclear'] as string | null);
    const mayResend = wasSending && row['on_unknown'] === 'resend' && row['mode'] === 'async';
    if (mayResend && unclearAttempts(tried) < resend.attempts) {
      database.run(QUEUE_AGAIN, { seq, attempts: tried, unclear, readyAt: Math.ceil(now + resend.delayMs) });
      return;
    }
    const isUnknown = unclear !== null;
    const failure = unclear ?? toJson(neverSent);
    database.run(END, { seq, state: isUnknown ? 'unknown' : 'failed', attempts: tried, unclear, failure, now });
    if (isUnknown) keys.keepUntil(id, Math.ceil(request.keepKeysUntil));
    else keys.apply(id, { kind: 'free' });
  };

  return {
    heartbeat: (now: number, leaseMs: number): boolean => lease.renew(now, leaseMs),

    recover(request: RecoverRequest): string[] {
      const now = Math.ceil(request.now);
      database.run(END_LEASES, { now, own: lease.id });
      const abandoned = database.all(ABANDONED);
      for (const row of abandoned) settle(row, { ...request, now });
      return abandoned.map(({ id }) => id as string);
    },

    giveLeaseBack: (): void => lease.giveBack(),
  };
}

export interface RecoverRequest {
  readonly now: number;
  readonly resend: { readonly attempts: number; readonly delayMs: number };
  readonly keepKeysUntil: number;
}

function cutOff(at: number): AttemptRecord {
  // When it was cut off nobody knows.
  return { at, durationMs: 0, outcome: 'interrupted', upstreamStatus: null };
}

function unclearAttempts(attempts: string): number {
  const list = JSON.parse(attempts) as readonly AttemptRecord[];
  return list.filter(({ outcome }) => outcome === 'unclear' || outcome === 'interrupted').length;
}
