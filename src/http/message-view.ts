import type { Delivery } from '../delivery/delivery.ts';
import type { Message } from '../delivery/message.ts';
import type { MessageRow, MessageState } from '../store/message-row.ts';
import type { Store } from '../store/store.ts';
import { codeOf, isoTime, sentView } from './answer.ts';

interface ViewOptions {
  readonly delivery: Pick<Delivery, 'prospect'>;
  readonly store: Pick<Store, 'position'>;
}

/** Counting a line to its end would make it slower the longer it is. */
const MOST_COUNTED = 1_000;

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

/**
 * A message as `GET /v1/messages/{id}` shows it. CommBox's words can quote what the message says, so that its sender
 * alone hears them, and no other caller, `admin` or not.
 *
 * @param viewer name of the caller who asks
 */
export function messageView(message: Message | MessageRow, delivery: Delivery, viewer: string) {
  const isQueued = message.state === 'queued';
  const prospect = isQueued ? delivery.prospect(message, 0) : null;
  return {
    ...sentView(message),
    caller: message.caller,
    reference: message.reference,
    lane: message.lane,
    sendAt: isoTime(message.sendAt),
    expiresAt: isoTime(message.expiresAt),
    // An account that the configuration has no more has no key either.
    waitingFor: isQueued ? (prospect?.waitingFor ?? 'credentials') : null,
    waitingSince: isQueued ? isoTime(message.attempts.at(-1)?.at ?? message.createdAt) : null,
    code: codeOf(message),
    outcome: outcomeOf[message.state],
    upstream: saidTo(viewer, message).failure?.upstream ?? null,
    resendOf: message.resendOf,
    attemptLog: message.attempts.map(({ at, ...attempt }) => ({ at: isoTime(at), ...attempt })),
  };
}

/** The message with as much of CommBox's words as this caller may hear. */
export function saidTo<M extends Message | MessageRow>(viewer: string, message: M): M {
  const { failure } = message;
  if (viewer === message.caller || failure === null || failure.upstream === null) return message;
  return { ...message, failure: { ...failure, upstream: { ...failure.upstream, description: null } } };
}

/** The body of a 202 for a message that is `state` now. */
export async function acceptedView(
  message: Pick<MessageRow, 'id' | 'account' | 'caller' | 'lane' | 'readyAt'> & { readonly ahead?: number | null },
  state: MessageState,
  { delivery, store }: ViewOptions,
) {
  const { id, lane } = message;
  if (state !== 'queued') return { id, status: state, lane, position: null, estimatedStart: null };
  // Only a repeated request has to ask how many are before it by now, and where nobody can tell it gets no number.
  const own = message.ahead ?? (await store.position(id, MOST_COUNTED).catch(() => null));
  const prospect = delivery.prospect(message, own);
  const startsAt = prospect?.startsAt ?? Number.POSITIVE_INFINITY;
  return {
    id,
    status: state,
    lane,
    position: prospect?.position ?? own,
    estimatedStart: Number.isFinite(startsAt) ? isoTime(Math.round(startsAt)) : null,
  };
}
