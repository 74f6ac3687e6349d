import type { SpooledFile } from '../attachments/spool.ts';
import type { ChannelName, Lane } from '../channels/channel.ts';
import type { ErrorCode, Outcome, UpstreamAnswer } from '../kernel/errors.ts';

export type MessageState = 'queued' | 'sending' | 'sent' | 'failed' | 'unknown' | 'canceled' | 'expired';

/** Why a queued message does not start: its own time, our limit on calls at once, or a paused account. */
export type WaitReason = 'schedule' | 'rate' | 'paused';

/** What goes to CommBox, fixed when the message is accepted. */
export type Payload =
  | { readonly kind: 'json'; readonly body: string | Buffer }
  | { readonly kind: 'multipart'; readonly data: string; readonly files: readonly SpooledFile[] };

/** One send request, fully resolved: nothing about it depends on the configuration any more, except the account's key. */
export interface Draft {
  readonly caller: string;
  readonly channel: ChannelName | 'raw';
  /** The alias it was sent by, or null for a raw id. */
  readonly stream: string | null;
  readonly streamId: string;
  readonly account: string;
  readonly lane: Lane;
  readonly payload: Payload;
  /** CommBox saves nothing for it, so an answer without an object id is a success. */
  readonly sendsToClient: boolean;
  readonly reference: string | null;
  /** Times in milliseconds since the epoch. */
  readonly sendAt: number | null;
  readonly expiresAt: number | null;
  readonly onUnknown: 'hold' | 'resend';
  /** No attempt starts after this moment: the end of the caller's patience. */
  readonly patienceEndsAt: number;
  readonly requestId: string;
  readonly traceparent: string | undefined;
}

/** CommBox's answer as it came, for the drop-in door. */
export interface RawAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

/** How one HTTP call to CommBox for a message ended. */
export type AttemptResult = { readonly durationMs: number; readonly upstream?: UpstreamAnswer } & (
  | { readonly kind: 'sent'; readonly objectId: string | null; readonly raw: RawAnswer }
  | { readonly kind: 'throttled'; readonly retryAfterMs: number | null }
  | { readonly kind: 'unreachable'; readonly error: Error }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly raw: RawAnswer }
  | { readonly kind: 'unclear'; readonly code: UnclearCode; readonly raw?: RawAnswer; readonly error?: Error }
);

export type RefusalCode = 'commbox_rejected' | 'commbox_stream_not_found' | 'commbox_unauthorized';
export type UnclearCode = 'commbox_error' | 'commbox_timeout';

/** Why a message ended otherwise than sent. */
export interface Failure {
  readonly code: ErrorCode;
  readonly outcome: Outcome;
  readonly detail: string;
  readonly upstream?: UpstreamAnswer;
  readonly retryAfterMs?: number;
}

export interface Message extends Draft {
  readonly id: string;
  /** Order of acceptance. */
  readonly sequence: number;
  readonly createdAt: number;
  state: MessageState;
  attempts: number;
  /** An attempt may have reached CommBox: from then on the message ends `sent` or `unknown`, never `failed`. */
  unclear: Failure | null;
  unclearAttempts: number;
  /** Its caller has gone: it is not attempted again. */
  isAbandoned: boolean;
  objectId: string | null;
  sentAt: number | null;
  failure: Failure | null;
  raw: RawAnswer | null;
}

export function createMessage(draft: Draft, id: string, sequence: number, createdAt: number): Message {
  return {
    ...draft,
    id,
    sequence,
    createdAt,
    state: 'queued',
    attempts: 0,
    unclear: null,
    unclearAttempts: 0,
    isAbandoned: false,
    objectId: null,
    sentAt: null,
    failure: null,
    raw: null,
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
export function isFinal(message: Message): boolean {
  return message.state !== 'queued' && message.state !== 'sending';
}
