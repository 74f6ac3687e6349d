import type { Lane } from '../channels/channel.ts';
import type { KeyClaim, KeyEffect, KeyRecord } from './key-record.ts';
import type { AttemptRecord, MessageRow, MessageState, StoredFailure } from './message-row.ts';

/** What became of a message that was `unknown`. */
export interface Resolution {
  readonly state: 'sent' | 'failed';
  readonly objectId: string | null;
  readonly now: number;
  /** It is this message's object only if no other message of the account, accepted in this time, has it. Both included. */
  readonly unlessAnothersOf?: { readonly from: number; readonly to: number };
}

/** Which `unknown` message is to be looked for at CommBox next, and when again if that brings no answer. */
export interface LookupTurn {
  readonly account: string;
  readonly now: number;
  /** How long after it became `unknown`; as long again after the first lookup, then doubling. */
  readonly afterMs: number;
  /** The longest time between two lookups. */
  readonly mostMs: number;
  /** How often in all. */
  readonly times: number;
}

export interface NewMessage {
  readonly row: MessageRow;
  readonly key: KeyClaim | null;
}

export type InsertResult =
  | { readonly kind: 'inserted' }
  /** The key was there already; nothing was inserted. */
  | { readonly kind: 'taken'; readonly record: KeyRecord };

/** A change of a message in flight. Absent members stay as they are. */
export interface Settlement {
  readonly id: string;
  /**
   * `now` of the `take` whose attempt this is about: it changes nothing once the message was taken anew. Absent for a
   * message that was not taken.
   */
  readonly takenAt?: number;
  readonly state: MessageState;
  readonly attempt: AttemptRecord | null;
  readonly readyAt?: number;
  readonly unclear?: StoredFailure;
  readonly failure?: StoredFailure;
  readonly objectId?: string | null;
  readonly sentAt?: number;
  readonly endedAt?: number;
  /** Removes the payload, so that it is not to be found in the database's files either. */
  readonly erase: boolean;
  readonly key: KeyEffect | null;
}

export interface ListFilter {
  readonly states?: readonly MessageState[];
  readonly channel?: string;
  /** The alias; for a stream without one, the stream's id. */
  readonly stream?: string;
  readonly reference?: string;
  readonly caller?: string;
  /** `createdAt`, inclusive. */
  readonly from?: number;
  /** `createdAt`, exclusive. */
  readonly to?: number;
}

/** Why messages that have just expired had not started. Null fits all. */
export interface ExpiryReason {
  readonly account: string | null;
  readonly lane: Lane | null;
  readonly caller: string | null;
  readonly failure: StoredFailure;
}

/** How many of a flow's waiting messages a process may take. */
export interface TakePick {
  readonly lane: Lane;
  readonly caller: string;
  readonly limit: number;
  /** Only messages accepted before this one. */
  readonly before?: string;
}

/** Which waiting messages of an account a process may take. No flow is named twice. */
export interface TakeRequest {
  readonly account: string;
  readonly now: number;
  readonly picks: readonly TakePick[];
}

/**
 * `ready`: messages may have become ready (`id`: one of them, if known); `settled`: the message `id` was; `pacing`:
 * somebody published or was urgent about account `id`; `pauses`: an operator's stop was set or lifted. `id` is null
 * where anything may have happened, as after a lost connection.
 */
export interface StoreChange {
  readonly kind: 'ready' | 'settled' | 'pacing' | 'pauses';
  readonly id: string | null;
}

/** What of a message that ended in the store is told to those who run it: nothing that it holds. */
export interface EndedMessage
  extends Pick<
    MessageRow,
    'id' | 'mode' | 'state' | 'caller' | 'account' | 'channel' | 'stream' | 'lane' | 'requestId' | 'traceparent'
  > {
  /** Of its failure; null if its state says it all. */
  readonly code: string | null;
}
