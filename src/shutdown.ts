import type { AccountSet } from './account-set.ts';
import type { Reloader } from './config/reloader.ts';
import type { Delivery } from './delivery/delivery.ts';
import type { StoppableFinalWatch } from './delivery/final-watch.ts';
import type { Upkeep } from './delivery/upkeep.ts';
import type { Closing } from './http/closing.ts';
import { type Clock, sleep } from './kernel/clock.ts';
import type { MetricsListener } from './metrics-listener.ts';
import type { Storage } from './storage.ts';

export interface ClosePhases {
  /** How long the listener stays open after readiness fell, so that load balancers notice. */
  readonly lingerMs: number;
  /** When calls still in flight are cut, counted from the beginning. */
  readonly cutMs: number;
}

/** For a process that nothing routes to: tests, demo, sandbox. */
const AT_ONCE: ClosePhases = { lingerMs: 0, cutMs: 25_000 };

/** What ends, in this order. */
export interface ShutdownParts {
  readonly closing: Closing;
  readonly reloader: Pick<Reloader, 'stop'>;
  readonly watch: Pick<StoppableFinalWatch, 'stop'>;
  readonly delivery: Pick<Delivery, 'drain'>;
  readonly accounts: Pick<AccountSet, 'close' | 'cut'>;
  readonly upkeep: Pick<Upkeep, 'stop'>;
  readonly metricsListener: Pick<MetricsListener, 'close'> | null;
  /** What could not be recorded until now is not tried again. */
  readonly recording: readonly { stop(): void }[];
  readonly storage: Pick<Storage, 'close'>;
  readonly clock: Clock;
}

/** Runs the phases one after the other; resolves when nothing runs any more. Readiness has fallen by then. */
export async function shutDown(parts: ShutdownParts, { lingerMs, cutMs } = AT_ONCE): Promise<void> {
  const { closing, accounts, clock } = parts;

  async function linger(): Promise<void> {
    closing.begin();
    parts.reloader.stop();
    await sleep(clock, lingerMs);
  }

  /** What waits is refused, stays stored, or is told how things stand; calls in flight end, or are cut. */
  async function drain(): Promise<void> {
    parts.watch.stop();
    const ended = parts.delivery.drain().then(() => accounts.close());
    // Attempts that are cut were written already: each ends as `unknown`, which is the truth.
    if (await lasts(ended, cutMs - lingerMs, clock)) await accounts.cut();
    await ended;
  }

  async function release(): Promise<void> {
    parts.upkeep.stop();
    await parts.metricsListener?.close();
    for (const one of parts.recording) one.stop();
    await parts.storage.close();
  }

  await linger();
  const shut = closing.shut();
  await drain();
  await closing.cut();
  await shut;
  await release();
}

/** Whether `work` still goes on after `ms`. Rejects if it does. */
function lasts(work: Promise<void>, ms: number, clock: Clock): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const cancel = clock.schedule(ms, () => resolve(true));
    work.finally(cancel).then(() => resolve(false), reject);
  });
}
