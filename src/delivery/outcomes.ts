import type { Gate } from './gate.ts';
import type { AttemptResult, Failure, Message, RefusalCode, UnclearCode, WaitReason } from './message.ts';
import { moveTo } from './message.ts';

/** Changes a message as the end of an attempt demands. Whoever calls decides when a queued one is tried again. */
export function apply(message: Message, result: AttemptResult, now: number): void {
  switch (result.kind) {
    case 'sent':
      message.objectId = result.objectId;
      message.sentAt = now;
      message.raw = result.raw;
      moveTo(message, 'sent');
      break;
    case 'throttled':
    case 'unreachable':
      moveTo(message, 'queued');
      break;
    case 'refused':
      message.raw = result.raw;
      end(message, {
        code: result.code,
        outcome: 'not_sent',
        detail: refusalDetail[result.code],
        ...(result.upstream && { upstream: result.upstream }),
      });
      break;
    case 'unclear':
      message.raw = result.raw ?? null;
      message.unclearAttempts++;
      message.unclear = {
        code: result.code,
        outcome: 'unknown',
        detail: unclearDetail[result.code],
        ...(result.upstream && { upstream: result.upstream }),
      };
      if (message.onUnknown === 'resend') moveTo(message, 'queued');
      else end(message, message.unclear);
      break;
  }
}

/** Ends a queued message that cannot start within its caller's patience. */
export function withdraw(message: Message, reason: WaitReason, gate: Gate, now: number): void {
  end(message, withdrawal(reason, gate, now));
}

/** Ends a queued message because the gateway stops. */
export function shutDown(message: Message): void {
  end(message, {
    code: 'shutting_down',
    outcome: 'not_sent',
    detail: 'The gateway is shutting down and has not sent the message. Send it again in a few seconds.',
    retryAfterMs: 5_000,
  });
}

/** Ends a queued message whose `expiresAt` has passed. */
export function expire(message: Message): void {
  const failure: Failure = {
    code: 'commbox_throttled',
    outcome: 'not_sent',
    detail: 'The message reached its expiresAt before an attempt could start.',
  };
  if (message.unclear === null) {
    message.failure = failure;
    moveTo(message, 'expired');
  } else end(message, failure);
}

function end(message: Message, failure: Failure): void {
  // What may have arrived once can never be called a failure again.
  message.failure = message.unclear ?? failure;
  moveTo(message, message.unclear === null ? 'failed' : 'unknown');
}

function withdrawal(reason: WaitReason, gate: Gate, now: number): Failure {
  const opensAt = gate.opensAt(now);
  const retryAfterMs = Number.isFinite(opensAt) ? Math.max(opensAt - now, 1_000) : 1_000;
  if (reason === 'schedule') {
    return {
      code: 'invalid_request',
      outcome: 'not_sent',
      detail: 'sendAt lies beyond the time that this request may wait.',
    };
  }
  switch (gate.cause()) {
    case 'quota':
      return {
        code: 'commbox_throttled',
        outcome: 'not_sent',
        retryAfterMs,
        detail: 'CommBox is throttling this account. Nothing was sent; repeat after Retry-After.',
      };
    case 'connection':
      return {
        code: 'commbox_unreachable',
        outcome: 'not_sent',
        retryAfterMs,
        detail: 'No connection to CommBox could be made. Nothing was sent; repeat after Retry-After.',
      };
    case null:
      return {
        code: 'overloaded',
        outcome: 'not_sent',
        retryAfterMs,
        detail: 'All connections to CommBox were busy for as long as this request may wait. Nothing was sent.',
      };
  }
}

const refusalDetail: Record<RefusalCode, string> = {
  commbox_rejected: 'CommBox rejected the message; see upstream.',
  commbox_stream_not_found: 'CommBox does not know the stream; check the id in the gateway’s configuration.',
  commbox_unauthorized: 'CommBox refused the key that the gateway holds. Tell those who run the gateway.',
};

const unclearDetail: Record<UnclearCode, string> = {
  commbox_error: 'CommBox may or may not have taken the message: it gave no usable answer. A repeat may send it twice.',
  commbox_timeout: 'CommBox may or may not have taken the message: no answer came in time. A repeat may send it twice.',
};
