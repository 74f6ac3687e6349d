import type { Clock } from '../kernel/clock.ts';
import { UNDER_WAY_MS } from '../store/errors.ts';
import type { KeyClaim } from '../store/key-record.ts';
import type { MessageRow } from '../store/message-row.ts';
import type { Settlement } from '../store/requests.ts';
import type { Store } from '../store/store.ts';
import type { Message } from './message.ts';
import { erasedRowOf, settlementOf } from './stored-message.ts';

/** What one request wanted to be stored, when nobody could tell whether it was. */
export interface Refused {
  /** Each has `failed` for want of the store. */
  readonly messages: readonly Message[];
  /** All keys of the request. */
  readonly keys: readonly KeyClaim[];
  /** That of them which stands for the batch. */
  readonly batch: KeyClaim | null;
}

/**
 * Takes back what was refused for want of the store and may be stored all the same: what is back after an outage would be
 * sent, or keep its key for good. Asks once a second until the store has answered, and then until it can have nothing under
 * way any more.
 */
export interface Revocations {
  add(refused: Refused): void;
  /** Whether a message that was just taken has been revoked: it must not be sent. It is ended soon. */
  isRevoked(id: string, takenAt: number): boolean;
  /** Whether what this key may stand for is being taken back. */
  holds(scope: string): boolean;
  stop(): void;
}

export interface RevocationsOptions {
  readonly store: Pick<Store, 'wereStored' | 'cancel' | 'settle' | 'forgetBatch'>;
  readonly clock: Clock;
}

interface Item {
  readonly row: MessageRow;
  readonly settlement: Settlement;
  /** When this process took it; null if it has not. */
  takenAt: number | null;
}

interface Revoked {
  /** Those of which is not known that they are over. */
  items: readonly Item[];
  readonly scopes: ReadonlySet<string>;
  readonly batch: KeyClaim | null;
  readonly until: number;
}

const AGAIN_MS = 1_000;

export function createRevocations({ store, clock }: RevocationsOptions): Revocations {
  const open = new Set<Revoked>();
  /** What another process holds stays here, in case this one takes it later. */
  const byId = new Map<string, Revoked>();
  let isAsking = false;
  let isStopped = false;
  let cancelNext: (() => void) | null = null;

  /** Where it waits, or is taken by this process. The time of the take tells that from an earlier one, which is sending it. */
  const end = async ({ row, settlement, takenAt }: Item): Promise<boolean> => {
    const now = clock.now();
    if (row.mode === 'async' && (await store.cancel(row.id, now, now))) return true;
    if (row.mode === 'async' && takenAt === null) return false;
    const [isEnded] = await store.settle([takenAt === null ? settlement : { ...settlement, takenAt }]);
    return isEnded === true;
  };

  /** True if nothing of it is left. */
  const takeBack = async (revoked: Revoked): Promise<boolean> => {
    const stored = await store.wereStored(revoked.items.map(({ row }) => row));
    for (const [index, item] of revoked.items.entries()) {
      if (stored[index] === true && !(await end(item))) continue;
      revoked.items = revoked.items.filter((other) => other !== item);
      byId.delete(item.row.id);
    }
    if (revoked.items.length > 0) return false;
    // Not before: a repeat would be stored beside what is still there of the first.
    if (revoked.batch !== null) await store.forgetBatch(revoked.batch);
    return true;
  };

  const ask = async () => {
    isAsking = true;
    try {
      for (const revoked of [...open]) {
        // Judged before the store is asked: what ends while it answers may be missed.
        const isOver = clock.monotonic() >= revoked.until;
        if ((await takeBack(revoked)) || isOver) open.delete(revoked);
      }
    } catch {
      // It cannot be asked now; the others need not try.
    }
    isAsking = false;
    if (open.size > 0 && !isStopped) cancelNext = clock.schedule(AGAIN_MS, askAgain);
  };
  const askAgain = () => {
    cancelNext = null;
    void ask();
  };
  const start = (revoked: Revoked) => {
    open.add(revoked);
    if (isStopped || isAsking || cancelNext !== null) return;
    void ask();
  };

  return {
    add({ messages, keys, batch }) {
      const items = messages.map((message): Item => {
        const settlement = settlementOf(message, null, clock.now());
        return { row: erasedRowOf(message), settlement, takenAt: null };
      });
      const until = clock.monotonic() + UNDER_WAY_MS;
      const revoked: Revoked = { items, scopes: new Set(keys.map(({ scope }) => scope)), batch, until };
      for (const { row } of items) byId.set(row.id, revoked);
      start(revoked);
    },
    isRevoked(id, takenAt) {
      const revoked = byId.get(id);
      const item = revoked?.items.find(({ row }) => row.id === id);
      if (revoked === undefined || item === undefined) return false;
      item.takenAt = takenAt;
      start(revoked);
      return true;
    },
    holds(scope) {
      for (const { scopes } of open) if (scopes.has(scope)) return true;
      return false;
    },
    stop() {
      isStopped = true;
      cancelNext?.();
    },
  };
}
