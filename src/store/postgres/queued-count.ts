import type { InsertResult, NewMessage } from '../requests.ts';
import type { Backlog } from './backlog.ts';

/** How many stored messages wait, as this process can tell. */
export interface QueuedCount {
  /** What waits by the last count, and what this process has stored since that began. */
  now(): Promise<number>;
  /** Messages were stored; `from` is when that began (monotonic milliseconds). */
  stored(messages: readonly NewMessage[], results: readonly InsertResult[], from: number): void;
}

/** A count is a second old, or more, in which a campaign can store thousands beyond the limit. */
export function createQueuedCount(backlog: Backlog): QueuedCount {
  let since: { readonly at: number; messages: number }[] = [];

  return {
    async now() {
      const flows = await backlog.flows();
      const countedAt = backlog.countedAt();
      since = since.filter(({ at }) => at >= countedAt);
      const counted = flows.reduce((sum, { queued }) => sum + queued, 0);
      return since.reduce((sum, { messages }) => sum + messages, counted);
    },
    stored(messages, results, from) {
      const isWaiting = ({ row }: NewMessage, index: number) =>
        row.mode === 'async' && row.state === 'queued' && results[index]?.kind === 'inserted';
      const stored = messages.filter(isWaiting).length;
      if (stored === 0) return;
      const last = since.at(-1);
      if (last?.at === from) last.messages += stored;
      else since.push({ at: from, messages: stored });
    },
  };
}
