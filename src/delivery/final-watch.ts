import type { Clock } from '../kernel/clock.ts';
import type { Store } from '../store/store.ts';
import { isFinal, type RawAnswer } from './message.ts';

/** Lets requests wait for the end of a message, whichever process brings it about. */
export interface FinalWatch {
  /**
   * Resolves when the message is final, or after `ms`, or when the signal aborts; look at the store then. With CommBox's
   * own answer, if this process has it.
   */
  wait(id: string, ms: number, signal?: AbortSignal): Promise<RawAnswer | null>;
  /** A message ended in this process, with this answer of CommBox. */
  ended(id: string, raw?: RawAnswer | null): void;
}

export interface StoppableFinalWatch extends FinalWatch {
  /** Ends all waits, and those to come at once: the process ends, and who asks is told how things stand. */
  stop(): void;
}

// The net under notifications of other processes, which may get lost with a connection.
const POLL_MS = 1_000;

export function createFinalWatch({
  store,
  clock,
}: {
  readonly store: Store;
  readonly clock: Clock;
}): StoppableFinalWatch {
  const waiting = new Map<string, Set<(raw: RawAnswer | null) => void>>();
  let isStopped = false;

  const ended = (id: string, raw: RawAnswer | null = null) => {
    for (const wakeUp of waiting.get(id) ?? []) wakeUp(raw);
  };
  store.onChange(({ kind, id }) => {
    if (kind === 'settled' && id !== null) ended(id);
  });

  return {
    ended,
    stop() {
      isStopped = true;
      for (const id of [...waiting.keys()]) ended(id);
    },
    wait: (id, ms, signal) =>
      new Promise((resolve) => {
        const cancels: (() => void)[] = [];
        const finish = (raw: RawAnswer | null) => {
          for (const cancel of cancels) cancel();
          signal?.removeEventListener('abort', giveUp);
          const others = waiting.get(id);
          others?.delete(finish);
          if (others?.size === 0) waiting.delete(id);
          resolve(raw);
        };
        const giveUp = () => finish(null);
        const poll = () => {
          // The wait may have ended while the store was asked.
          if (waiting.get(id)?.has(finish) !== true) return;
          cancels[1] = clock.schedule(POLL_MS, () => {
            store.get(id).then(
              (row) => (row === null || isFinal(row) ? giveUp() : poll()),
              () => poll(),
            );
          });
        };
        if (signal?.aborted || isStopped) return resolve(null);
        waiting.set(id, (waiting.get(id) ?? new Set()).add(finish));
        cancels[0] = clock.schedule(ms, giveUp);
        poll();
        signal?.addEventListener('abort', giveUp, { once: true });
      }),
  };
}
