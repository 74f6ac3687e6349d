import type { SpooledFile } from '../attachments/spool.ts';
import type { ChannelName, Lane } from '../channels/channel.ts';
import type { Outcome, UpstreamAnswer } from '../kernel/errors.ts';

export type MessageState = 'queued' | 'sending' | 'sent' | 'failed' | 'unknown' | 'canceled' | 'expired';

export const messageStates: readonly MessageState[] = [
  'queued',
  'sending',
  'sent',
  'failed',
  'unknown',
  'canceled',
  'expired',
];

/** What goes to CommBox, fixed when the message is accepted. */
export type Payload =
  | { readonly kind: 'json'; readonly body: string }
  | { readonly kind: 'multipart'; readonly data: string; readonly files: readonly SpooledFile[] };

/** One HTTP call for a message, as its caller may see it. */
export interface AttemptRecord {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly durationMs: number;
  /** `sent`, `throttled`, `unreachable`, `refused` or `unclear`; `interrupted` for one that a crash cut off. */
  readonly outcome: string;
  readonly upstreamStatus: number | null;
}

/**
 * Why a message ended otherwise than sent. Erased with the request: of an erased message only `code`, `outcome` and the
 * status remain, `detail` is empty and the description null.
 */
export interface StoredFailure {
  readonly code: string;
  readonly outcome: Outcome;
  readonly detail: string;
  readonly upstream: UpstreamAnswer | null;
}

/** A message as it is stored. Times are epoch milliseconds. */
export interface MessageRow {
  /** Sorts in order of acceptance. */
  readonly id: string;
  readonly caller: string;
  readonly account: string;
  readonly channel: ChannelName | 'raw';
  readonly stream: string | null;
  readonly streamId: string;
  readonly lane: Lane;
  /** `sync`: a caller waits, and only the process that took it may send it. `async`: any process may. */
  readonly mode: 'sync' | 'async';
  readonly reference: string | null;
  readonly onUnknown: 'hold' | 'resend';
  readonly sendsToClient: boolean;
  /** Its answer is CommBox's own, and a repeated request must get it again. */
  readonly keepsRawAnswer: boolean;
  readonly createdAt: number;
  readonly sendAt: number | null;
  readonly expiresAt: number | null;
  readonly requestId: string;
  readonly traceparent: string | null;
  /** The message that this one repeats. */
  readonly resendOf: string | null;
  readonly state: MessageState;
  /** Null once erased. */
  readonly payload: Payload | null;
  /** Bytes of the request and of its files; kept after erasure. */
  readonly payloadBytes: number;
  readonly attempts: readonly AttemptRecord[];
  /** Set once an attempt was unclear: from then on the message ends `sent` or `unknown`. */
  readonly unclear: StoredFailure | null;
  readonly failure: StoredFailure | null;
  readonly objectId: string | null;
  readonly sentAt: number | null;
  /** When it reached its final state. */
  readonly endedAt: number | null;
  /** A queued message is not taken before this. */
  readonly readyAt: number;
}
