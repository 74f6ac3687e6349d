import type { Clock } from '../kernel/clock.ts';
import { GatewayError } from '../kernel/errors.ts';
import type { Store } from '../store/store.ts';
import type { Draft } from './message.ts';

export interface QueueLimitOptions {
  readonly store: Pick<Store, 'queuedCount'>;
  readonly clock: Clock;
  /** Most stored messages that may wait; of those of lane `critical` a tenth more. */
  readonly queueLimit: number;
}

/** Holds what waits to `QUEUE_LIMIT`. */
export interface QueueLimit {
  /**
   * Finds room for these messages, which are about to be stored: null, or `overloaded`. At once, where what waits is
   * known well enough; else the store is asked, and the promise rejects with what it throws.
   */
  claim(drafts: readonly Draft[]): GatewayError | null | Promise<GatewayError | null>;
}

// A campaign that fills the queue must not keep a one-time password out of it.
const CRITICAL_RESERVE = 0.1;
// Far from the limit nobody's answer depends on the exact number, and to ask for it costs a tenth of accepting a message.
const NEAR = 0.9;
const KNOWN_FOR_MS = 250;

export function createQueueLimit({ store, clock, queueLimit }: QueueLimitOptions): QueueLimit {
  let counted = 0;
  let countedAt = Number.NEGATIVE_INFINITY;
  /** Messages claimed for, ever, and those of them that the count may hold. */
  let claimed = 0;
  let claimedThen = 0;

  const waiting = () => counted + claimed - claimedThen;
  const count = async () => {
    const before = claimed;
    counted = await store.queuedCount();
    countedAt = clock.monotonic();
    claimedThen = before;
  };

  const take = (drafts: readonly Draft[]): GatewayError | null => {
    const isCritical = drafts.every(({ lane }) => lane === 'critical');
    const limit = queueLimit * (isCritical ? 1 + CRITICAL_RESERVE : 1);
    if (waiting() + drafts.length > limit) {
      return new GatewayError('overloaded', 'Too many messages are waiting already.', { retryAfterMs: 30_000 });
    }
    claimed += drafts.length;
    return null;
  };

  return {
    claim(drafts) {
      if (drafts.length === 0) return null;
      const isKnown = clock.monotonic() - countedAt < KNOWN_FOR_MS;
      if (isKnown && waiting() + drafts.length <= queueLimit * NEAR) return take(drafts);
      return count().then(() => take(drafts));
    },
  };
}
