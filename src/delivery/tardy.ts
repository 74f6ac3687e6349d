import type { Clock } from '../kernel/clock.ts';
import type { Message } from './message.ts';

/** Gives a row to each plain message that has not ended soon after it was taken, so that it is seen while it lasts. */
export interface Tardy {
  /** A message was taken. Costs a plain message that ends soon nothing but a look at whether the timer runs. */
  taken(): void;
}

export interface TardyOptions {
  readonly clock: Clock;
  /** The messages on their way in this process whose callers wait. */
  readonly here: () => Iterable<Message>;
  /** Begins to store the message; `isStored` is true at once, and false again if it could not be. */
  readonly store: (message: Message) => void;
}

/** A row is there within 1 s of the request: at most one round of the timer after this time. */
const SOON_MS = 500;
const ROUND_MS = 250;

/** One timer for all messages, which runs only while there are any. */
export function createTardy({ clock, here, store }: TardyOptions): Tardy {
  // What could not be stored once is noted at its end: an outage must not make work.
  const tried = new WeakSet<Message>();
  let isRunning = false;

  const round = () => {
    isRunning = false;
    const latest = clock.now() - SOON_MS;
    let isAnyHere = false;
    for (const message of here()) {
      isAnyHere = true;
      if (message.isStored || message.createdAt > latest || tried.has(message)) continue;
      tried.add(message);
      store(message);
    }
    if (isAnyHere) run();
  };
  const run = () => {
    if (isRunning) return;
    isRunning = true;
    clock.schedule(ROUND_MS, round);
  };

  return { taken: run };
}
