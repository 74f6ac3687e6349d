import type { Delivery } from '../delivery/delivery.ts';
import type { Message } from '../delivery/message.ts';
import type { Clock } from '../kernel/clock.ts';
import type { MessageRow, MessageState, Store } from '../store/store.ts';
import { isoTime, sentView } from './answer.ts';

interface ViewOptions {
  readonly delivery: Delivery;
  readonly store: Store;
  readonly clock: Clock;
}

const MOST_COUNTED = 10_000;

/** What a state alone says; a message that has not ended has no outcome. */
const outcomeOf: Record<MessageState, string | null> = {
  queued: null,
  sending: null,
  sent: 'sent',
  failed: 'not_sent',
  unknown: 'unknown',
  canceled: 'not_sent',
  expired: 'not_sent',
};

/** A message as `GET /v1/messages/{id}` shows it. */
export function messageView(message: Message | MessageRow, delivery: Delivery) {
  const { failure } = message;
  const isQueued = message.state === 'queued';
  const outlook = isQueued ? delivery.outlook(message.account, message.readyAt) : null;
  return {
    ...sentView(message),
    caller: message.caller,
    reference: message.reference,
    lane: message.lane,
    sendAt: isoTime(message.sendAt),
    expiresAt: isoTime(message.expiresAt),
    // An account that the configuration has no more has no key either.
    waitingFor: isQueued ? (outlook?.waitingFor ?? 'credentials') : null,
    waitingSince: isQueued ? isoTime(message.attempts.at(-1)?.at ?? message.createdAt) : null,
    code: failure?.code ?? null,
    outcome: failure?.outcome ?? outcomeOf[message.state],
    resendOf: message.resendOf,
    attemptLog: message.attempts.map(({ at, ...attempt }) => ({ at: isoTime(at), ...attempt })),
  };
}

/** The body of a 202. */
export async function acceptedView(row: MessageRow, { delivery, store, clock }: ViewOptions) {
  const isQueued = row.state === 'queued';
  const position = isQueued ? await store.position(row.id, MOST_COUNTED) : null;
  const opensAt = delivery.outlook(row.account, row.readyAt)?.opensAt ?? clock.now();
  const start = Math.max(row.readyAt, Number.isFinite(opensAt) ? opensAt : clock.now(), clock.now());
  return { id: row.id, status: row.state, lane: row.lane, position, estimatedStart: isQueued ? isoTime(start) : null };
}
