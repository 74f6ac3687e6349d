import type { Spool } from '../attachments/spool.ts';
import type { Clock } from '../kernel/clock.ts';
import type { ExpiryReason } from '../store/requests.ts';
import type { Store } from '../store/store.ts';
import type { Delivery } from './delivery.ts';
import type { FinalWatch } from './final-watch.ts';
import { RESEND_AFTER_MS, RESEND_ATTEMPTS } from './outcomes.ts';
import type { Reconciler } from './reconcile.ts';
import { createSecondLook } from './second-look.ts';

/** The work that nobody asks for: leases, takeovers, expiry, second looks, erasure. */
export interface Upkeep {
  /** Takes over what an earlier process left, then goes on by the clock. */
  start(): Promise<void>;
  /** Looks for messages that have become ready; several calls at once look once. Never rejects. */
  look(): Promise<void>;
  stop(): void;
}

export interface UpkeepOptions {
  readonly store: Store;
  readonly spool: Spool;
  readonly delivery: Delivery;
  readonly watch: FinalWatch;
  readonly reconciler: Reconciler;
  /** What operators have stopped, for when a notification of it got lost. */
  readonly stops: { refresh(): Promise<void> };
  /** Why what waits in the store cannot start now. */
  readonly expiryReasons: (now: number) => readonly ExpiryReason[];
  /** Whose unknown messages are looked for, by name. */
  readonly accounts: ReadonlyMap<string, unknown>;
  readonly clock: Clock;
  readonly keepKeysMs: number;
  readonly retentionMs: number;
  /** Told of every round that failed; the next one comes by itself. */
  readonly onFailure: (task: string, error: unknown) => void;
}

/** How long a process that does not answer keeps what it took. */
export const LEASE_MS = 30_000;

const HEARTBEAT_MS = 5_000;
const RECOVER_MS = 5_000;
const LOOK_MS = 1_000;
const RECONCILE_EVERY_MS = 5_000;
const SWEEP_MS = 30_000;
const ROUND = 500;

export function createUpkeep(options: UpkeepOptions): Upkeep {
  const { store, spool, delivery, watch, clock, keepKeysMs } = options;
  const cancels = new Map<string, () => void>();
  let isStopped = false;

  const heartbeat = async () => {
    await store.heartbeat(clock.now(), LEASE_MS);
  };
  const recover = async () => {
    const resend = { attempts: RESEND_ATTEMPTS, delayMs: RESEND_AFTER_MS };
    const ids = await store.recover(clock.now(), resend, clock.now() + keepKeysMs);
    for (const id of ids) watch.ended(id);
    if (ids.length > 0) await wake();
  };
  const wake = async () => delivery.wake(await store.readyFlows(clock.now()));
  const look = async () => {
    const now = clock.now();
    const reasons = options.expiryReasons(now);
    while ((await store.expire(now, ROUND, now + keepKeysMs, reasons)).length === ROUND);
    await wake();
    await delivery.recount();
  };
  let looking: Promise<void> | null = null;
  let mustLookAgain = false;
  const lookSoon = async () => {
    do {
      mustLookAgain = false;
      await wake().catch((error: unknown) => options.onFailure('look', error));
    } while (mustLookAgain);
    looking = null;
  };

  const reconcile = createSecondLook({
    ...{ store, spool, watch, clock },
    reconciler: options.reconciler,
    accounts: options.accounts,
    onFailure: (error) => options.onFailure('reconcile', error),
  });
  const sweep = async () => {
    const now = clock.now();
    const failures: unknown[] = [];
    for (let isMore = true; isMore; ) {
      const { files, more } = await store.sweep(now, now - keepKeysMs, now - options.retentionMs, ROUND);
      // A file that resists must not keep the rest from being erased.
      await spool.removeNamed(files).catch((error: unknown) => failures.push(error));
      isMore = more;
    }
    if (failures.length > 0) throw failures[0];
  };

  const repeat = (task: string, everyMs: number, work: () => Promise<void>) => {
    cancels.set(
      task,
      clock.schedule(everyMs, () => {
        work()
          .catch((error: unknown) => options.onFailure(task, error))
          .finally(() => {
            if (!isStopped) repeat(task, everyMs, work);
          });
      }),
    );
  };

  return {
    async start() {
      await heartbeat();
      await recover();
      await look();
      repeat('heartbeat', HEARTBEAT_MS, heartbeat);
      repeat('recover', RECOVER_MS, recover);
      repeat('look', LOOK_MS, look);
      repeat('stops', LOOK_MS, () => options.stops.refresh());
      repeat('reconcile', RECONCILE_EVERY_MS, reconcile);
      repeat('sweep', SWEEP_MS, sweep);
    },
    look() {
      mustLookAgain = looking !== null;
      looking ??= lookSoon();
      return looking;
    },
    stop() {
      isStopped = true;
      for (const cancel of cancels.values()) cancel();
    },
  };
}
