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

/** Beyond this, the position is the number of all that wait. */
const MOST_COUNTED = 100;

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
    outcome: outcomeOf[message.state],
    resendOf: message.resendOf,
    attemptLog: message.attempts.map(({ at, ...attempt }) => ({ at: isoTime(at), ...attempt })),
  };
}

/** The body of a 202 for a message that is `state` now. */
export async function acceptedView(
  message: Pick<MessageRow, 'id' | 'account' | 'lane' | 'readyAt'>,
  state: MessageState,
  { delivery, store, clock }: ViewOptions,
) {
  const { id, lane, account, readyAt } = message;
  if (state !== 'queued') return { id, status: state, lane, position: null, estimatedStart: null };
  const now = clock.now();
  const opensAt = delivery.outlook(account, readyAt)?.opensAt ?? now;
  const start = Math.max(readyAt, Number.isFinite(opensAt) ? opensAt : now, now);
  return { id, status: state, lane, position: await positionOf(id, store), estimatedStart: isoTime(start) };
}

// Counting a long line to its end for every message would make accepting slower the longer it is.
async function positionOf(id: string, store: Store): Promise<number> {
  const position = await store.position(id, MOST_COUNTED);
  return position < MOST_COUNTED ? position : Math.max(position, await store.queuedCount());
}
