import type { MessageState } from './message-row.ts';

/** The answer that a repeated request gets again. */
export interface StoredAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Base64 if `isBinary`. */
  readonly body: string;
  readonly isBinary: boolean;
}

/** An idempotency key as it is stored: both members are HMACs, never the caller's text. */
export interface KeyClaim {
  readonly scope: string;
  readonly fingerprint: string;
}

/** What a key stands for when a second request brings it. */
export interface KeyRecord {
  readonly fingerprint: string;
  /** The message of the first request; null for a batch. */
  readonly messageId: string | null;
  /** Null while the first request is running. */
  readonly answer: StoredAnswer | null;
}

/** A message that a key stands for. */
export interface KeyedMessage {
  readonly fingerprint: string;
  readonly id: string;
  readonly state: MessageState;
}

/** What becomes of a message's idempotency key when the message is settled. */
export type KeyEffect =
  | { readonly kind: 'keep'; readonly answer: StoredAnswer | null; readonly until: number }
  | { readonly kind: 'free' };
