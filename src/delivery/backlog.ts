import type { Clock } from '../kernel/clock.ts';
import { AttachmentDamaged, type MessageRow, type Store } from '../store/store.ts';
import { type Message, takenMessage } from './message.ts';

/** The stored messages of one account that wait for nobody in particular. */
export interface Backlog {
  /** Whether there may be some that are ready. Cheap, and never wrong in saying no. */
  mayHold(): boolean;
  isTaking(): boolean;
  /** Some may have become ready. */
  notice(): void;
  /**
   * Takes up to `limit` of those accepted before `before`, oldest first; they are `sending` then. Never rejects: while
   * the store is out of reach it finds nothing, and looks again later.
   */
  take(limit: number, before: string | undefined): Promise<readonly Message[]>;
}

export interface BacklogOptions {
  readonly account: string;
  readonly store: Store;
  readonly clock: Clock;
  /** A taken message whose files cannot be fetched now goes back. */
  readonly giveBack: (message: Message) => void;
  /** Called when it is worth looking again. */
  readonly onRetry: () => void;
}

const RETRY_MS = 1_000;

export function createBacklog({ account, store, clock, giveBack, onRetry }: BacklogOptions): Backlog {
  let version = 0;
  let mayHold = true;
  let isTaking = false;

  const withFiles = async (row: MessageRow): Promise<Message | null> => {
    const { payload } = row;
    if (payload === null) return null;
    if (payload.kind === 'json') return takenMessage(row, payload);
    try {
      return takenMessage(row, { ...payload, files: await store.localFiles(row) });
    } catch (error) {
      if (error instanceof AttachmentDamaged) return takenMessage(row, payload, true);
      // Whatever the cause, it would be lost if it stayed taken.
      giveBack(takenMessage(row, payload));
      return null;
    }
  };

  return {
    mayHold: () => mayHold,
    isTaking: () => isTaking,
    notice() {
      version++;
      mayHold = true;
    },
    async take(limit, before) {
      isTaking = true;
      const seen = version;
      try {
        const rows = await store.take({ account, limit, now: clock.now(), ...(before !== undefined && { before }) });
        if (rows.length < limit && before === undefined && seen === version) mayHold = false;
        const messages = await Promise.all(rows.map(withFiles));
        return messages.filter((message) => message !== null);
      } catch {
        mayHold = false;
        clock.schedule(RETRY_MS, onRetry);
        return [];
      } finally {
        isTaking = false;
      }
    },
  };
}
