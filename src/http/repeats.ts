import type { FastifyReply } from 'fastify';
import type { Delivery } from '../delivery/delivery.ts';
import type { FinalWatch } from '../delivery/final-watch.ts';
import { isFinal, type Message, type RawAnswer } from '../delivery/message.ts';
import type { Clock } from '../kernel/clock.ts';
import { GatewayError } from '../kernel/errors.ts';
import type { KeyClaim, KeyRecord } from '../store/key-record.ts';
import type { MessageRow, MessageState } from '../store/message-row.ts';
import type { Store } from '../store/store.ts';
import { type Answer, JSON_TYPE, rawOf } from './answer.ts';
import { acceptedView } from './message-view.ts';
import type { Preferences } from './prefer.ts';

export interface RepeatsOptions {
  readonly delivery: Delivery;
  readonly store: Store;
  readonly watch: FinalWatch;
  readonly clock: Clock;
  /** Patience of a request that states none. */
  readonly syncWaitMs: number;
}

/** A request whose key may have been used before. */
export interface Repeat {
  readonly key: KeyClaim;
  readonly preferences: Preferences;
  /** It is answered with a 202 while the message has not ended. */
  readonly isAsync: boolean;
  /** How the door answers for a message that has ended; `raw` is CommBox's own answer, where it is known. */
  readonly render: (message: Message | MessageRow, raw: RawAnswer | null) => Answer;
}

/** The answers to requests whose key was used before. */
export interface Repeats {
  /**
   * Waits for the message of the first request, as long as this one's patience lasts. Null if the key is free again.
   *
   * @throws GatewayError `idempotency_mismatch`, `idempotency_in_flight`
   */
  answer(reply: FastifyReply, record: KeyRecord, repeat: Repeat): Promise<Answer | null>;
  /**
   * The same for a request that would not be accepted now: what its key stands for counts more, since an `expiresAt`
   * passes and rules change between the first request and this one. Null if the key is not known.
   */
  find(reply: FastifyReply, repeat: Omit<Repeat, 'key' | 'isAsync'> & { key: KeyClaim | null }): Promise<Answer | null>;
  /** The 202 for a message that has not ended. */
  accepted(message: Message | MessageRow, state: MessageState, preferences: Preferences): Promise<Answer>;
}

export function createRepeats(options: RepeatsOptions): Repeats {
  const { delivery, store, watch, clock, syncWaitMs } = options;

  async function accepted(
    message: Message | MessageRow,
    state: MessageState,
    preferences: Preferences,
  ): Promise<Answer> {
    return {
      status: 202,
      headers: {
        'content-type': JSON_TYPE,
        location: `/v1/messages/${message.id}`,
        ...(preferences.respondAsync && { 'preference-applied': 'respond-async' }),
      },
      body: JSON.stringify(await acceptedView(message, state, { delivery, store })),
      error: null,
    };
  }

  async function answer(reply: FastifyReply, record: KeyRecord, repeat: Repeat): Promise<Answer | null> {
    if (record.fingerprint !== repeat.key.fingerprint) {
      throw mismatched();
    }
    const id = record.messageId;
    if (id === null) throw new GatewayError('idempotency_mismatch', 'This Idempotency-Key belongs to a batch.');
    if (record.answer !== null) {
      const row = await store.get(id);
      reply.request.context.message = row;
      return row === null ? null : replayed(repeat.render(row, rawOf(record.answer)));
    }
    const row = await ended(id, reply, repeat);
    reply.request.context.message = row;
    if (row === null) return null;
    if (!isFinal(row)) {
      if (repeat.isAsync || row.mode === 'async') return accepted(row, row.state, repeat.preferences);
      throw inFlight(id);
    }
    const key = await store.findKey(repeat.key.scope);
    if (key?.messageId !== id) return null;
    return replayed(repeat.render(row, key.answer === null ? null : rawOf(key.answer)));
  }

  /** The message, once it has ended or the caller's patience has; null if it is not kept any more. */
  async function ended(id: string, reply: FastifyReply, { isAsync, preferences }: Repeat): Promise<MessageRow | null> {
    const row = await store.get(id);
    const waitMs = preferences.waitMs ?? (isAsync ? 0 : syncWaitMs);
    // What is due later cannot end in time, and that is said at once.
    if (row === null || isFinal(row) || waitMs === 0 || row.readyAt > clock.now() + waitMs) return row;
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    await watch.wait(id, waitMs, gone.signal);
    // That there is a message is known whether or not the store can be asked again.
    return store.get(id).catch(() => row);
  }

  return {
    answer,
    async find(reply, { key, preferences, render }) {
      const record = key === null ? null : await delivery.findKey(key);
      if (key === null || record === null) return null;
      return answer(reply, record, { key, preferences, render, isAsync: preferences.respondAsync });
    },
    accepted,
  };
}

/** The 409 for a request whose key belongs to one that is still running. */
export function inFlight(messageId: string | null): GatewayError {
  return new GatewayError('idempotency_in_flight', 'The first request with this Idempotency-Key is still running.', {
    retryAfterMs: 1_000,
    ...(messageId !== null && { messageId }),
  });
}

/** The 422 for a key that another request used before. */
export function mismatched(): GatewayError {
  return new GatewayError('idempotency_mismatch', 'This Idempotency-Key came with another request before.');
}

function replayed(answer: Answer): Answer {
  return { ...answer, headers: { ...answer.headers, 'idempotency-replayed': 'true' } };
}
