import type { Registry } from 'prom-client';
import { isFinal } from '../delivery/message.ts';
import type { MessageState } from '../store/message-row.ts';
import type { Store } from '../store/store.ts';
import { createCounts } from './counts.ts';
import { counters } from './metric-definitions.ts';

const finalStates: readonly MessageState[] = ['sent', 'failed', 'unknown', 'canceled', 'expired'];

/** Counts how messages end. Never throws. */
export interface MessageMetrics {
  /** To be told of every message that delivery brought to a final state. */
  settled(message: { readonly state: MessageState }): void;
  /** Watches a store for the ends that happen there alone: nobody else hears of those. */
  watch(store: Store): Store;
}

export function createMessageMetrics(registry: Registry): MessageMetrics {
  const ended = createCounts(counters.messages, registry);
  const resolved = createCounts(counters.resolved, registry);
  const recovered = createCounts(counters.recovered, registry)();
  // From the first scrape on, so that the first end is an increase.
  for (const state of finalStates) ended(state);
  for (const state of ['sent', 'failed']) resolved(state);

  return {
    settled(message) {
      if (isFinal(message)) ended(message.state).count++;
    },
    watch: (store) => ({
      ...store,
      async cancel(...args) {
        const isCanceled = await store.cancel(...args);
        if (isCanceled) ended('canceled').count++;
        return isCanceled;
      },
      async cancelMany(...args) {
        const canceled = await store.cancelMany(...args);
        ended('canceled').count += canceled;
        return canceled;
      },
      async expire(...args) {
        const expired = await store.expire(...args);
        for (const { state } of expired) ended(state).count++;
        return expired;
      },
      async resolve(id, to) {
        const isResolved = await store.resolve(id, to);
        if (isResolved) resolved(to.state).count++;
        return isResolved;
      },
      async recover(...args) {
        const ids = await store.recover(...args);
        recovered.count += ids.length;
        return ids;
      },
    }),
  };
}
