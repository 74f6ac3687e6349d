import { setTimeout as delay } from 'node:timers/promises';
import { createRandom } from '../../src/simulator/random.ts';
import { createSend, type Send, type SenderName, type Target } from './senders.ts';

/** Messages of one caller to one place, so many of them at a time. */
export interface LoadLine extends Target {
  /** Begins the text of each of its messages. */
  readonly caller: string;
  readonly messages: number;
  readonly inFlight: number;
}

export interface ClosedLoad {
  readonly kind: 'closed';
  readonly sender: SenderName;
  readonly lines: readonly LoadLine[];
  /** Sets in which order the messages come at first. */
  readonly seed: number;
  /** What is not taken by then is given up. */
  readonly withinMs: number;
}

export interface ClosedResult {
  /** Messages whose sender was told that they are taken. */
  readonly taken: number;
  readonly failed: number;
}

// The first messages come within this time, in an order that the seed decides.
const ARRIVAL_MS = 200;

/** Sends until all messages are taken or given up: each place in flight takes the next message as soon as it is free. */
export async function runClosed({ sender, lines, seed, withinMs }: ClosedLoad): Promise<ClosedResult> {
  const random = createRandom(seed);
  const send = createSend(sender);
  const sums = { taken: 0, failed: 0 };
  const workers = lines.flatMap((line) => {
    const next = serials(line.messages);
    return Array.from({ length: line.inFlight }, () => work(send, line, next, random() * ARRIVAL_MS, sums));
  });
  await Promise.race([Promise.all(workers), delay(withinMs)]);
  return { ...sums };
}

function serials(messages: number): () => number | null {
  let serial = 0;
  return () => (serial < messages ? ++serial : null);
}

async function work(
  send: Send,
  line: LoadLine,
  next: () => number | null,
  startsAfterMs: number,
  sums: { taken: number; failed: number },
): Promise<void> {
  await delay(startsAfterMs);
  for (let serial = next(); serial !== null; serial = next()) {
    // Whatever a library throws at the end of its patience, the message was given up.
    const isTaken = await send(`${line.caller}-${serial}`, line).catch(() => false);
    if (isTaken) sums.taken++;
    else sums.failed++;
  }
}
