import type { Registry } from 'prom-client';
import type { AttemptResult, Message } from '../delivery/message.ts';
import { createCounts } from './counts.ts';
import { counters, histograms } from './metric-definitions.ts';
import { createTimings } from './timings.ts';

/** What is read of a message. */
type Told = Pick<Message, 'account' | 'channel' | 'lane' | 'caller' | 'createdAt' | 'sendAt' | 'attempts'>;

/** Counts attempts. Never throws. */
export interface AttemptMetrics {
  /** To be told of every attempt, once it stands in the message's list of attempts. */
  ended(message: Told, result: AttemptResult): void;
  /** Begins the series of an account at 0, so that its first event is an increase. Harmless when repeated. */
  announce(account: string): void;
}

export function createAttemptMetrics(registry: Registry): AttemptMetrics {
  const attempts = createCounts(counters.attempts, registry);
  const throttled = createCounts(counters.throttled, registry);
  const upstream = createTimings(histograms.upstreamDuration, registry);
  const waiting = createTimings(histograms.waiting, registry);

  return {
    ended({ account, channel, lane, caller, createdAt, sendAt, attempts: made }, result) {
      attempts(account, channel, outcomeOf(result)).count++;
      if (result.kind === 'throttled') throttled(account).count++;
      // Without its attachments an attempt ends before it reaches for CommBox.
      if (result.kind !== 'damaged') upstream(account).observe(result.durationMs / 1000);
      const [first] = made;
      if (first === undefined || made.length > 1) return;
      const dueAt = Math.max(createdAt, sendAt ?? 0);
      waiting(lane, caller).observe(Math.max(first.at - dueAt, 0) / 1000);
    },
    announce: (account) => void throttled(account),
  };
}

/** The refusal that concerns the gateway's key, not the message, is told apart from the others. */
function outcomeOf(result: AttemptResult): string {
  return result.kind === 'refused' && result.code === 'commbox_unauthorized' ? 'unauthorized' : result.kind;
}
