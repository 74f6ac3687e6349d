import type { MessageRow, MessageState } from '../store/message-row.ts';
import { expiryOf, type HoldUp } from './expiry.ts';
import type { AttemptResult, Failure, Message, RefusalCode, UnclearCode } from './message.ts';
import { moveTo } from './message.ts';

/** Time between an unclear attempt and its repetition, for callers that accept duplicates, and how many in all. */
export const RESEND_AFTER_MS = 30_000;
export const RESEND_ATTEMPTS = 3;

/** What is said of a message that somebody canceled while it waited. */
export const CANCELED = 'The message was canceled before an attempt could start.';

/** Changes a message as the end of an attempt demands. Whoever calls decides when a queued one is tried again. */
export function apply(message: Message, result: AttemptResult, now: number): void {
  record(message, result, now);
  switch (result.kind) {
    case 'sent':
      message.objectId = result.objectId;
      message.sentAt = now;
      message.endedAt = now;
      message.raw = result.raw;
      moveTo(message, 'sent');
      break;
    case 'throttled':
      message.throttledBy = result.upstream ?? null;
      moveTo(message, 'queued');
      break;
    case 'unreachable':
      moveTo(message, 'queued');
      break;
    case 'damaged':
      end(message, now, {
        code: 'internal_error',
        outcome: 'not_sent',
        detail: 'A stored attachment is missing or damaged, so nothing was sent.',
        upstream: null,
      });
      break;
    case 'refused':
      message.raw = result.raw;
      end(message, now, {
        code: result.code,
        outcome: 'not_sent',
        detail: refusalDetail[result.code],
        upstream: result.upstream ?? null,
      });
      break;
    case 'unclear':
      message.raw = result.raw;
      message.unclear = {
        code: result.code,
        outcome: 'unknown',
        detail: unclearDetail[result.code],
        upstream: result.upstream ?? null,
      };
      if (mayResend(message)) {
        message.readyAt = now + RESEND_AFTER_MS;
        moveTo(message, 'queued');
      } else end(message, now, message.unclear);
      break;
  }
}

/**
 * What kept a message from starting within its caller's patience: its own `sendAt`, CommBox's quota, the connection to
 * CommBox, our own connections being busy, an operator's stop, or keys that CommBox refuses.
 */
export type Hindrance = 'schedule' | HoldUp;

/**
 * Ends a queued message that cannot start within its caller's patience.
 *
 * @param retryAfterMs when a repeat is likely to succeed
 */
export function withdraw(message: Message, hindrance: Hindrance, retryAfterMs: number, now: number): void {
  const failure = withdrawals[hindrance];
  end(message, now, {
    ...failure,
    outcome: 'not_sent',
    upstream: refusalOf(message, hindrance),
    ...(hindrance !== 'schedule' && { retryAfterMs: Math.max(1_000, retryAfterMs) }),
  });
}

/** CommBox refused the account's keys, not the message: nothing was created, and it waits until a key works. */
export function hold(message: Message, result: AttemptResult, now: number): void {
  record(message, result, now);
  moveTo(message, 'queued');
}

/** Ends a queued message because the gateway stops. */
export function shutDown(message: Message, now: number): void {
  end(message, now, {
    upstream: null,
    code: 'shutting_down',
    outcome: 'not_sent',
    detail: 'The gateway is shutting down and has not sent the message. Send it again in a few seconds.',
    retryAfterMs: 5_000,
  });
}

/**
 * Ends a queued message whose `expiresAt` has passed.
 *
 * @param retryAfterMs when another one is likely to be sent
 */
export function expire(message: Message, holdUp: HoldUp, retryAfterMs: number, now: number): void {
  const failure = { ...expiryOf(holdUp), upstream: refusalOf(message, holdUp) };
  end(message, now, { ...failure, retryAfterMs: Math.max(1_000, retryAfterMs) }, 'expired');
}

/** Ends a queued message because somebody canceled it. */
export function cancel(message: Message, now: number): void {
  const failure: Failure = {
    code: 'conflict',
    outcome: 'not_sent',
    detail: CANCELED,
    upstream: null,
  };
  end(message, now, failure, 'canceled');
}

/** Ends a queued message that could not be stored, or whose start could not. */
export function refuseForStorage(message: Message, now: number): void {
  end(message, now, {
    code: 'storage_unavailable',
    outcome: 'not_sent',
    detail: 'The database or the disk did not answer, so nothing was sent.',
    upstream: null,
    retryAfterMs: 5_000,
  });
}

/** Ends a queued message that another process took over, which can only have called it unknown. */
export function takenOver(message: Message, now: number): void {
  message.unclear ??= {
    code: 'commbox_error',
    outcome: 'unknown',
    detail: 'Another process took the message over during the attempt, and cannot know what became of it.',
    upstream: null,
  };
  end(message, now, message.unclear);
}

/** A message that was ended in the store while it waited: what its row says counts, whatever was about to end it here. */
export function endedElsewhere(message: Message, row: MessageRow): void {
  message.state = row.state;
  message.failure = row.failure as Failure | null;
  message.objectId = row.objectId;
  message.sentAt = row.sentAt;
  message.endedAt = row.endedAt;
}

function record(message: Message, result: AttemptResult, now: number): void {
  const durationMs = Math.round(result.durationMs);
  const upstreamStatus = result.upstream?.status ?? null;
  message.attempts.push({ at: now - durationMs, durationMs, outcome: result.kind, upstreamStatus });
}

/** What CommBox said to this very message, if its quota is in the way. */
const refusalOf = ({ throttledBy }: Message, hindrance: Hindrance) => (hindrance === 'quota' ? throttledBy : null);

function mayResend(message: Message): boolean {
  const unclear = message.attempts.filter(({ outcome }) => outcome === 'unclear' || outcome === 'interrupted');
  return message.onUnknown === 'resend' && unclear.length < RESEND_ATTEMPTS && !message.isAbandoned;
}

function end(message: Message, now: number, failure: Failure, state: MessageState = 'failed'): void {
  // What may have arrived once can never be called a failure again.
  message.failure = message.unclear ?? failure;
  message.endedAt = now;
  moveTo(message, message.unclear === null ? state : 'unknown');
}

const withdrawals: Record<Hindrance, Pick<Failure, 'code' | 'detail'>> = {
  schedule: { code: 'invalid_request', detail: 'sendAt lies beyond the time that this request may wait.' },
  quota: {
    code: 'commbox_throttled',
    detail: 'CommBox is throttling this account. Nothing was sent; repeat after Retry-After.',
  },
  connection: {
    code: 'commbox_unreachable',
    detail: 'No connection to CommBox could be made. Nothing was sent; repeat after Retry-After.',
  },
  busy: {
    code: 'overloaded',
    detail: 'All connections to CommBox were busy for as long as this request may wait. Nothing was sent.',
  },
  stopped: {
    code: 'overloaded',
    detail: 'Those who run the gateway have paused the sending. Nothing was sent; repeat later.',
  },
  credentials: {
    code: 'commbox_unauthorized',
    detail: 'CommBox refuses the key that the gateway holds, so nothing was sent. Tell those who run the gateway.',
  },
};

const refusalDetail: Record<RefusalCode, string> = {
  commbox_rejected: 'CommBox rejected the message; see upstream.',
  commbox_stream_not_found: 'CommBox does not know the stream; check the id in the gateway’s configuration.',
  commbox_unauthorized: 'CommBox refused the key that the gateway holds. Tell those who run the gateway.',
};

const unclearDetail: Record<UnclearCode, string> = {
  commbox_error: 'CommBox may or may not have taken the message: it gave no usable answer. A repeat may send it twice.',
  commbox_timeout: 'CommBox may or may not have taken the message: no answer came in time. A repeat may send it twice.',
};
