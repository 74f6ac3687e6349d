import type { Clock } from '../kernel/clock.ts';
import { StorageUnavailable, UNDER_WAY_MS } from '../store/errors.ts';
import type { AttemptRecord } from '../store/message-row.ts';
import type { Settlement } from '../store/requests.ts';
import type { Store } from '../store/store.ts';
import { isFinal, type Message } from './message.ts';
import { endedElsewhere } from './outcomes.ts';
import { rowOf, settlementOf } from './stored-message.ts';

/** What came of a record: see `Ledger.settle`. */
export type Recorded = 'held' | 'lost' | 'late';

/** What the steps of a message leave behind in the store. */
export interface Ledger {
  /** Records the start of an attempt of a stored message whose caller waits. False if it may not be sent any more. */
  begin(message: Message): Promise<boolean>;
  /**
   * Records where a stored message stands now. `lost` means that it was taken over meanwhile, `late` that the store is
   * out of reach and the record will be repeated until it is there.
   */
  settle(message: Message, attempt: AttemptRecord | null): Promise<Recorded>;
  /** Records that a stored message ended without an attempt. If it ended elsewhere meanwhile, that is its end. */
  settleUnsent(message: Message): Promise<void>;
  /**
   * A plain message is being stored as it is now: from here on its steps are recorded, each once the row is there. If
   * it could not be stored, it goes on without a row.
   *
   * @param stored whether it was; never rejects
   */
  follow(message: Message, stored: Promise<boolean>): void;
  /** Notes the end of a plain message, soon. */
  note(message: Message): void;
  /**
   * Puts back what `take` at this time moved, in case it did: its answer got lost, so that nobody here knows of it. Tried
   * until the store can have nothing of it under way any more.
   */
  undoTake(account: string, takenAt: number): void;
}

export interface StoppableLedger extends Ledger {
  /** Call before the store is closed: what could not be recorded until now is not tried again. */
  stop(): void;
}

export interface LedgerOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** How long the key of an ended message is remembered. */
  readonly keepKeysMs: number;
}

const REPEAT_MS = 1_000;

export function createLedger({ store, clock, keepKeysMs }: LedgerOptions): StoppableLedger {
  /** Plain messages whose rows are on their way. */
  const arriving = new Map<Message, Promise<boolean>>();

  let isStopped = false;
  const repeats = new Set<() => void>();

  const later = (work: () => void): void => {
    if (isStopped) return;
    const cancel = clock.schedule(REPEAT_MS, () => {
      repeats.delete(cancel);
      work();
    });
    repeats.add(cancel);
  };
  /** Tries until it has worked, or found nothing to do when the store had nothing under way any more. */
  const insist = (work: () => Promise<boolean>, until = clock.monotonic() + UNDER_WAY_MS): void => {
    // Judged before the store is asked: what ends while it answers may be missed.
    const isOver = clock.monotonic() >= until;
    work().then(
      (isDone) => {
        if (!isDone && !isOver) later(() => insist(work, until));
      },
      () => later(() => insist(work, until)),
    );
  };

  /** Whoever took the message over called it unknown, since only this process knows that it was sent. */
  const correct = async ({ id, state, objectId }: Message) => {
    if (state === 'sent') await store.resolve(id, { state, objectId, now: clock.now() });
  };

  const settle = async (message: Message, settlement: Settlement): Promise<Recorded> => {
    try {
      const [isHeld] = await store.settle([settlement]);
      if (isHeld === true) return 'held';
      await correct(message);
      return 'lost';
    } catch (error) {
      if (!(error instanceof StorageUnavailable)) throw error;
      later(() => void settle(message, settlement).catch(() => undefined));
      return 'late';
    }
  };

  const settleArrived: Ledger['settle'] = (message, attempt) => {
    const settlement = settlementOf(message, attempt, clock.now() + keepKeysMs);
    const stored = arriving.get(message);
    if (stored === undefined) return settle(message, settlement);
    return stored.then((isStored) => (isStored ? settle(message, settlement) : 'held'));
  };

  return {
    begin(message) {
      const stored = arriving.get(message);
      if (stored === undefined) return store.begin(message.id);
      return stored.then((isStored) => !isStored || store.begin(message.id));
    },
    settle: settleArrived,
    async settleUnsent(message) {
      if ((await settleArrived(message, null)) !== 'lost') return;
      const row = await store.get(message.id).catch(() => null);
      if (row !== null && isFinal(row)) endedElsewhere(message, row);
    },
    follow(message, stored) {
      message.isStored = true;
      const arrival = stored.then((isStored) => {
        arriving.delete(message);
        message.isStored = isStored;
        return isStored;
      });
      arriving.set(message, arrival);
    },
    note: (message) => store.record(rowOf(message)),
    undoTake: (account, takenAt) => insist(async () => (await store.undoTake(account, takenAt)) > 0),
    stop() {
      isStopped = true;
      for (const cancel of repeats) cancel();
      repeats.clear();
    },
  };
}
