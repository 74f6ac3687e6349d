import type { Clock } from '../../kernel/clock.ts';
import type { InsertResult, NewMessage } from '../requests.ts';
import type { Backlog } from './backlog.ts';

/** How many stored messages wait, as this process can tell. */
export interface QueuedCount {
  /** What waits by the last count, and what this process had stored only after that began. */
  now(): Promise<number>;
  /** Messages have just been stored. */
  stored(messages: readonly NewMessage[], results: readonly InsertResult[]): void;
}

/** A count is a second old, or more, in which a campaign can store thousands beyond the limit. */
export function createQueuedCount(backlog: Backlog, clock: Clock): QueuedCount {
  let since: { readonly at: number; messages: number }[] = [];

  return {
    async now() {
      const flows = await backlog.flows();
      const countedAt = backlog.countedAt();
      since = since.filter(({ at }) => at >= countedAt);
      const counted = flows.reduce((sum, { queued }) => sum + queued, 0);
      return since.reduce((sum, { messages }) => sum + messages, counted);
    },
    stored(messages, results) {
      const isWaiting = ({ row }: NewMessage, index: number) =>
        row.mode === 'async' && row.state === 'queued' && results[index]?.kind === 'inserted';
      const stored = messages.filter(isWaiting).length;
      if (stored === 0) return;
      // The time of its end: a count that began before may have missed what was stored meanwhile.
      const at = clock.monotonic();
      const last = since.at(-1);
      if (last?.at === at) last.messages += stored;
      else since.push({ at, messages: stored });
    },
  };
}
