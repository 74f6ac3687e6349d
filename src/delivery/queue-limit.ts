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

/** Room for messages that are about to be stored. */
export interface Claim {
  /** They are stored now, or never will be. Call once, whatever happened. */
  over(): void;
}

/** That of messages which take no room. */
export const NO_CLAIM: Claim = { over() {} };

/** Holds what waits to `QUEUE_LIMIT`. */
export interface QueueLimit {
  /**
   * Finds room for these messages, or `overloaded`. At once, where what waits is known well enough; else the store is
   * asked, and the promise rejects with what it throws.
   */
  claim(drafts: readonly Draft[]): Claim | GatewayError | Promise<Claim | GatewayError>;
}

// A campaign that fills the queue must not keep a one-time password out of it.
const CRITICAL_RESERVE = 0.1;
// Far from the limit nobody's answer depends on the exact number, and to ask for it costs a tenth of accepting a message.
const NEAR = 0.9;
const KNOWN_FOR_MS = 250;

export function createQueueLimit({ store, clock, queueLimit }: QueueLimitOptions): QueueLimit {
  let counted = 0;
  let countedAt = Number.NEGATIVE_INFINITY;
  /** Messages whose claims are not over: the count holds some of them, nobody knows which. */
  let open = 0;
  /** Those whose claims are over since the last count began: it may have missed them. */
  let overSince = 0;

  const waiting = () => counted + open + overSince;
  const count = async () => {
    const overBefore = overSince;
    counted = await store.queuedCount();
    countedAt = clock.monotonic();
    overSince -= overBefore;
  };
  let counting: Promise<void> | null = null;
  // One at a time: each takes what was over before it off once.
  const countTogether = () => {
    counting ??= count().finally(() => {
      counting = null;
    });
    return counting;
  };
  const take = (drafts: readonly Draft[]): Claim | GatewayError => {
    const messages = drafts.length;
    const isCritical = drafts.every(({ lane }) => lane === 'critical');
    const limit = queueLimit * (isCritical ? 1 + CRITICAL_RESERVE : 1);
    if (waiting() + messages > limit) {
      return new GatewayError('overloaded', 'Too many messages are waiting already.', { retryAfterMs: 30_000 });
    }
    open += messages;
    return {
      over() {
        open -= messages;
        overSince += messages;
      },
    };
  };

  return {
    claim(drafts) {
      if (drafts.length === 0) return NO_CLAIM;
      const isKnown = clock.monotonic() - countedAt < KNOWN_FOR_MS;
      if (isKnown && waiting() + drafts.length <= queueLimit * NEAR) return take(drafts);
      return countTogether().then(() => take(drafts));
    },
  };
}
