import type { Spool } from '../attachments/spool.ts';
import type { Clock } from '../kernel/clock.ts';
import type { MessageRow } from '../store/message-row.ts';
import type { Store } from '../store/store.ts';
import type { FinalWatch } from './final-watch.ts';
import { filesOf } from './payload.ts';
import type { Reconciler } from './reconcile.ts';

export interface SecondLookOptions {
  readonly store: Store;
  readonly spool: Spool;
  readonly watch: FinalWatch;
  readonly reconciler: Reconciler;
  /** By name. */
  readonly accounts: ReadonlyMap<string, unknown>;
  readonly clock: Clock;
  /** Told of every lookup that failed for the gateway's own reasons. */
  readonly onFailure: (error: unknown) => void;
}

const MINUTE_MS = 60_000;
/**
 * A minute after a message became unknown; then, while CommBox gives no answer, 1, 2, 4, 8 and always 15 minutes after
 * the lookup before: about a day, after which most messages are erased.
 */
const TURNS = { afterMs: MINUTE_MS, mostMs: 15 * MINUTE_MS, times: 100 };
/** So that a pile of unknown messages does not use up what CommBox grants. */
const MOST_IN_A_ROUND = 20;

/**
 * Looks for unknown messages at CommBox, by itself. Every round asks for some of each account; an account that gives no
 * answer is left alone until the next round, so that its other messages lose neither time nor turns.
 */
export function createSecondLook(options: SecondLookOptions): () => Promise<void> {
  const { store, spool, watch, reconciler, accounts, clock, onFailure } = options;

  /** False if CommBox gave no answer. */
  const lookUp = async (row: MessageRow): Promise<boolean> => {
    const { isResolved, isOpen } = await reconciler.reconcile(row);
    if (isOpen) return false;
    if (!isResolved) await store.reconciled(row.id);
    // They may be in the spool of another gateway, which then removes them itself.
    if (isResolved) await spool.remove(filesOf(row.payload)).catch(() => undefined);
    watch.ended(row.id);
    return true;
  };

  const lookAt = async (account: string): Promise<void> => {
    for (let looked = 0; looked < MOST_IN_A_ROUND; looked++) {
      const row = await store.takeUnreconciled({ ...TURNS, account, now: clock.now() });
      if (row === null) return;
      // Its turn comes again; what fails for one must not cost the others theirs.
      const isAnswered = await lookUp(row).catch((error: unknown) => onFailure(error));
      if (isAnswered === false) return;
    }
  };

  return async () => {
    await Promise.all([...accounts.keys()].map((account) => lookAt(account).catch(onFailure)));
  };
}
