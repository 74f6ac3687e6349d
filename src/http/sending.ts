import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Delivery, Submission } from '../delivery/delivery.ts';
import type { FinalWatch } from '../delivery/final-watch.ts';
import { type Draft, isFinal, type Message, type RawAnswer } from '../delivery/message.ts';
import type { Clock } from '../kernel/clock.ts';
import { GatewayError } from '../kernel/errors.ts';
import type { KeyClaim } from '../store/key-record.ts';
import type { MessageRow } from '../store/message-row.ts';
import type { Store } from '../store/store.ts';
import { type Answer, rawOf } from './answer.ts';
import type { Preferences } from './prefer.ts';
import { inFlight, type Repeats } from './repeats.ts';

export interface SendingOptions {
  readonly delivery: Delivery;
  readonly store: Store;
  readonly watch: FinalWatch;
  readonly clock: Clock;
  readonly repeats: Repeats;
}

export interface SendRequest {
  readonly draft: Draft;
  readonly key: KeyClaim | null;
  readonly preferences: Preferences;
  /** How the door answers for a message that has ended; `raw` is CommBox's own answer, where it is known. */
  readonly render: (message: Message | MessageRow, raw: RawAnswer | null) => Answer;
  /** Called before anything else that could fail, once there is a message: its files then belong to the delivery. */
  readonly taken: () => void;
}

/**
 * @throws GatewayError if there is no message, or none that could be answered for. One thrown after `taken` names the
 * message and never says `not_sent` of one that may be sent.
 */
export type Sender = (request: FastifyRequest, reply: FastifyReply, send: SendRequest) => Promise<Answer>;

// With many requests for one key, each of which frees it again, one of them must stop some time.
const MOST_TRIES = 10;

/** How every door sends: at once, stored first because of a key, or stored and answered before it is sent. */
export function createSender(options: SendingOptions): Sender {
  const { delivery, store, watch, clock, repeats } = options;

  return (request, reply, send) => {
    const { draft, key } = send;
    const isPlain = draft.mode === 'sync' && key === null;
    return isPlain
      ? taken(request, reply, delivery.submit(draft, reply.raw.closed), send)
      : accept(request, reply, send);
  };

  async function accept(request: FastifyRequest, reply: FastifyReply, send: SendRequest): Promise<Answer> {
    const { draft, key } = send;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const acceptance = await delivery.accept(draft, key);
      if (acceptance.kind === 'accepted') return taken(request, reply, acceptance.submission, send);
      const answer =
        key === null
          ? null
          : await repeats.answer(reply, acceptance.record, { ...send, key, isAsync: draft.mode === 'async' });
      if (answer !== null) return answer;
      // The first request ended in a way that frees the key: now this one is the first.
    }
    throw inFlight(null);
  }

  async function taken(request: FastifyRequest, reply: FastifyReply, submission: Submission, send: SendRequest) {
    const { message } = submission;
    send.taken();
    request.context.message = message;
    try {
      if (message.mode !== 'sync') return await answerAccepted(message, send);
      if (reply.raw.closed) submission.withdraw();
      else request.context.onClosed = submission.withdraw;
      await submission.settled;
      return send.render(message, message.raw);
    } catch (cause) {
      throw unanswerable(message, cause);
    }
  }

  /** CommBox's own answer, as it is kept for repeats: another process may have had it. */
  async function kept(key: KeyClaim | null): Promise<RawAnswer | null> {
    const record = key === null ? null : await store.findKey(key.scope).catch(() => null);
    return record?.answer == null ? null : rawOf(record.answer);
  }

  async function answerAccepted(message: Message, send: SendRequest): Promise<Answer> {
    const { waitMs } = send.preferences;
    // What is due later cannot end in time, and that is said at once.
    const isVain = waitMs === null || waitMs === 0 || message.readyAt > clock.now() + waitMs;
    if (isVain) return repeats.accepted(message, 'queued', send.preferences);
    const told = await watch.wait(message.id, waitMs);
    // The message is accepted whether or not the store can be asked now.
    const row = await store.get(message.id).catch(() => null);
    if (row !== null && isFinal(row)) return send.render(row, told ?? (await kept(send.key)));
    return repeats.accepted(message, row?.state ?? 'queued', send.preferences);
  }
}

/** A bug, after the message was taken. */
function unanswerable({ id, state }: Message, cause: unknown): GatewayError {
  const outcome = state === 'failed' ? 'not_sent' : 'unknown';
  return new GatewayError('internal_error', 'A fault in the gateway. The message was taken all the same.', {
    messageId: id,
    outcome,
    cause,
  });
}
