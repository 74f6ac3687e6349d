import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Delivery, Submission } from '../delivery/delivery.ts';
import type { FinalWatch } from '../delivery/final-watch.ts';
import { type Draft, isFinal, type Message, type RawAnswer } from '../delivery/message.ts';
import type { Clock } from '../kernel/clock.ts';
import { GatewayError } from '../kernel/errors.ts';
import type { KeyClaim, KeyRecord, MessageRow, MessageState, Store } from '../store/store.ts';
import { type Answer, JSON_TYPE, rawOf } from './answer.ts';
import { acceptedView } from './message-view.ts';
import type { Preferences } from './prefer.ts';

export interface SendingOptions {
  readonly delivery: Delivery;
  readonly store: Store;
  readonly watch: FinalWatch;
  readonly clock: Clock;
}

export interface SendRequest {
  readonly draft: Draft;
  readonly key: KeyClaim | null;
  readonly preferences: Preferences;
  /** How the door answers for a message that has ended; `raw` is CommBox's own answer, where it is known. */
  readonly render: (message: Message | MessageRow, raw: RawAnswer | null) => Answer;
}

/** What became of a send request. `isTaken` says that its files now belong to the delivery. */
export interface Sent {
  readonly answer: Answer;
  readonly isTaken: boolean;
}

export type Sender = (request: FastifyRequest, reply: FastifyReply, send: SendRequest) => Promise<Sent>;

// With many requests for one key, each of which frees it again, one of them must stop some time.
const MOST_TRIES = 10;

/** How every door sends: at once, stored first because of a key, or stored and answered before it is sent. */
export function createSender(options: SendingOptions): Sender {
  const { delivery, store, watch, clock } = options;

  return async (request, reply, send) => {
    const { draft, key } = send;
    if (draft.mode === 'sync' && key === null) {
      return { answer: await awaitEnd(request, reply, delivery.submit(draft), send), isTaken: true };
    }
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const acceptance = await delivery.accept(draft, key);
      if (acceptance.kind === 'accepted') {
        const { submission } = acceptance;
        const answer =
          draft.mode === 'sync'
            ? await awaitEnd(request, reply, submission, send)
            : await answerAccepted(request, submission.message, send);
        return { answer, isTaken: true };
      }
      const answer = await answerRepeated(reply, acceptance.record, send);
      if (answer !== null) return { answer, isTaken: false };
      // The first request ended in a way that frees the key: now this one is the first.
    }
    throw inFlight(null);
  };

  async function awaitEnd(request: FastifyRequest, reply: FastifyReply, submission: Submission, send: SendRequest) {
    request.context.message = submission.message;
    if (reply.raw.closed) submission.withdraw();
    else request.context.onClosed = submission.withdraw;
    const message = await submission.settled;
    return send.render(message, message.raw);
  }

  async function answerAccepted(request: FastifyRequest, message: Message, send: SendRequest): Promise<Answer> {
    request.context.message = message;
    const { waitMs } = send.preferences;
    // What is due later cannot end in time, and that is said at once.
    const isVain = waitMs === null || waitMs === 0 || message.readyAt > clock.now() + waitMs;
    if (isVain) return accepted(message, 'queued', send.preferences);
    await watch.wait(message.id, waitMs);
    const row = await store.get(message.id);
    if (row !== null && isFinal(row)) return send.render(row, null);
    return accepted(message, row?.state ?? 'queued', send.preferences);
  }

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
      body: JSON.stringify(await acceptedView(message, state, { delivery, store, clock })),
      error: null,
    };
  }

  /** Null if the key is free again. */
  async function answerRepeated(reply: FastifyReply, record: KeyRecord, send: SendRequest): Promise<Answer | null> {
    if (record.fingerprint !== send.key?.fingerprint) {
      throw new GatewayError('idempotency_mismatch', 'This Idempotency-Key came with another request before.');
    }
    const id = record.messageId;
    if (id === null) throw new GatewayError('idempotency_mismatch', 'This Idempotency-Key belongs to a batch.');
    if (record.answer !== null) {
      const row = await store.get(id);
      return row === null ? null : replayed(send.render(row, rawOf(record.answer)));
    }
    const row = await ended(id, reply, send);
    if (row === null) return null;
    if (!isFinal(row)) {
      if (send.draft.mode === 'async' || row.mode === 'async') return accepted(row, row.state, send.preferences);
      throw inFlight(id);
    }
    const key = await store.findKey(send.key.scope);
    if (key?.messageId !== id) return null;
    return replayed(send.render(row, key.answer === null ? null : rawOf(key.answer)));
  }

  /** The message, once it has ended or the caller's patience has; null if it is not kept any more. */
  async function ended(id: string, reply: FastifyReply, send: SendRequest): Promise<MessageRow | null> {
    const row = await store.get(id);
    const now = clock.now();
    const waitMs =
      send.draft.mode === 'async' ? (send.preferences.waitMs ?? 0) : Math.max(0, send.draft.patienceEndsAt - now);
    if (row === null || isFinal(row) || waitMs === 0 || row.readyAt > now + waitMs) return row;
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    await watch.wait(id, waitMs, gone.signal);
    return store.get(id);
  }
}

function inFlight(messageId: string | null): GatewayError {
  return new GatewayError('idempotency_in_flight', 'The first request with this Idempotency-Key is still running.', {
    retryAfterMs: 1_000,
    ...(messageId !== null && { messageId }),
  });
}

function replayed(answer: Answer): Answer {
  return { ...answer, headers: { ...answer.headers, 'idempotency-replayed': 'true' } };
}
