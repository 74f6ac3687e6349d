import type { ChannelName, Lane } from '../channels/channel.ts';
import type { ErrorCode, Outcome, UpstreamAnswer } from '../kernel/errors.ts';
import type { AttemptRecord, MessageRow, MessageState, StoredFailure } from '../store/message-row.ts';
import { bytesOf, type Payload } from './payload.ts';

/**
 * Why a queued message does not start: its own time, what CommBox allows, a pause (CommBox's or an operator's), the
 * turn of others, or keys that CommBox refuses.
 */
export type WaitReason = 'schedule' | 'rate' | 'paused' | 'fair_share' | 'credentials';

/** One send request, fully resolved: nothing about it depends on the configuration any more, except the account's key. */
export interface Draft {
  readonly caller: string;
  readonly channel: ChannelName | 'raw';
  /** The alias it was sent by, or null for a raw id. */
  readonly stream: string | null;
  readonly streamId: string;
  readonly account: string;
  readonly lane: Lane;
  /** `sync`: its caller waits, so no attempt starts after `patienceEndsAt`. `async`: it waits until it expires. */
  readonly mode: 'sync' | 'async';
  readonly payload: Payload;
  /** CommBox saves nothing for it, so an answer without an object id is a success. */
  readonly sendsToClient: boolean;
  readonly reference: string | null;
  /** Times in milliseconds since the epoch. */
  readonly sendAt: number | null;
  readonly expiresAt: number | null;
  readonly onUnknown: 'hold' | 'resend';
  readonly patienceEndsAt: number;
  readonly requestId: string;
  readonly traceparent: string | null;
  readonly resendOf: string | null;
  /** Its answer is CommBox's own, and a repeated request must get it again. */
  readonly keepsRawAnswer: boolean;
}

/** CommBox's answer as it came, for the drop-in door. */
export interface RawAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

/** How one HTTP call to CommBox for a message ended. */
export type AttemptResult = { readonly durationMs: number; readonly upstream?: UpstreamAnswer } & (
  | { readonly kind: 'sent'; readonly objectId: string | null; readonly raw: RawAnswer | null }
  | { readonly kind: 'throttled'; readonly retryAfterMs: number | null }
  | { readonly kind: 'unreachable'; readonly error: Error }
  | { readonly kind: 'damaged'; readonly error: Error }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly raw: RawAnswer | null }
  | { readonly kind: 'unclear'; readonly code: UnclearCode; readonly raw: RawAnswer | null; readonly error?: Error }
);

/** Whether CommBox refused the key that the call was made with: nothing was created, and another may be tried. */
export function isKeyRefused(result: AttemptResult): boolean {
  return result.kind === 'refused' && result.code === 'commbox_unauthorized';
}

export type RefusalCode = 'commbox_rejected' | 'commbox_stream_not_found' | 'commbox_unauthorized';
export type UnclearCode = 'commbox_error' | 'commbox_timeout';

/** Why a message ended otherwise than sent. `retryAfterMs` is for the caller who waits now, and is not stored. */
export interface Failure extends StoredFailure {
  readonly code: ErrorCode;
  readonly outcome: Outcome;
  readonly retryAfterMs?: number;
}

/** A message on its way: its row, which changes as it goes, and what only this process knows about it. */
export interface Message extends Omit<MessageRow, 'failure' | 'payload'> {
  readonly payload: Payload;
  state: MessageState;
  readonly attempts: AttemptRecord[];
  unclear: Failure | null;
  failure: Failure | null;
  objectId: string | null;
  sentAt: number | null;
  endedAt: number | null;
  readyAt: number;
  readonly patienceEndsAt: number;
  /** Its row is in the store, or on its way there: every step is recorded there before it counts. */
  isStored: boolean;
  /** The `take` that gave it to this process; null for one whose caller waits. */
  readonly takenAt: number | null;
  /** An attachment of it is not what was stored, so it cannot be sent. */
  readonly isDamaged: boolean;
  /** Its caller has gone: it is not attempted again. */
  isAbandoned: boolean;
  raw: RawAnswer | null;
  /** CommBox's answer to the last attempt that it refused as one too many, if this process made one. */
  throttledBy: UpstreamAnswer | null;
  /** How many messages of its caller and lane were waiting, and due, when it was accepted; null if nobody has counted. */
  ahead: number | null;
}

export function createMessage(draft: Draft, id: string, now: number, isStored: boolean): Message {
  const { payload } = draft;
  return {
    id,
    caller: draft.caller,
    account: draft.account,
    channel: draft.channel,
    stream: draft.stream,
    streamId: draft.streamId,
    lane: draft.lane,
    mode: draft.mode,
    reference: draft.reference,
    onUnknown: draft.onUnknown,
    sendsToClient: draft.sendsToClient,
    createdAt: now,
    sendAt: draft.sendAt,
    expiresAt: draft.expiresAt,
    requestId: draft.requestId,
    traceparent: draft.traceparent,
    resendOf: draft.resendOf,
    state: 'queued',
    payload,
    payloadBytes: bytesOf(payload),
    attempts: [],
    unclear: null,
    failure: null,
    objectId: null,
    sentAt: null,
    endedAt: null,
    readyAt: draft.sendAt ?? now,
    patienceEndsAt: draft.patienceEndsAt,
    isStored,
    keepsRawAnswer: draft.keepsRawAnswer,
    takenAt: null,
    isDamaged: false,
    isAbandoned: false,
    raw: null,
    throttledBy: null,
    ahead: null,
  };
}

/** A stored `async` message that this process has taken, and which is therefore `sending`. */
export function takenMessage(row: MessageRow, payload: Payload, takenAt: number, isDamaged = false): Message {
  return {
    ...row,
    payload,
    takenAt,
    attempts: [...row.attempts],
    unclear: row.unclear as Failure | null,
    failure: null,
    patienceEndsAt: Number.POSITIVE_INFINITY,
    isStored: true,
    isDamaged,
    isAbandoned: false,
    raw: null,
    throttledBy: null,
    ahead: null,
  };
}

const nextStates: Record<MessageState, readonly MessageState[]> = {
  queued: ['sending', 'canceled', 'expired', 'failed', 'unknown'],
  sending: ['queued', 'sent', 'failed', 'unknown'],
  sent: [],
  failed: [],
  unknown: ['sent', 'failed'],
  canceled: [],
  expired: [],
};

/** Moves a message on; any step that the state machine does not know is a bug and throws. */
export function moveTo(message: Message, next: MessageState): void {
  if (!nextStates[message.state].includes(next)) {
    throw new Error(`message ${message.id} cannot go from ${message.state} to ${next}`);
  }
  message.state = next;
}

/** True once nothing more happens to the message by itself. */
export function isFinal(message: { readonly state: MessageState }): boolean {
  return message.state !== 'queued' && message.state !== 'sending';
}
