import { GatewayError } from '../kernel/errors.ts';
import type { KeyClaim, KeyRecord } from '../store/key-record.ts';
import type { Store } from '../store/store.ts';
import type { Draft } from './message.ts';
import { type Claim, createQueueLimit, NO_CLAIM, type QueueLimitOptions } from './queue-limit.ts';

/** One message that is to be accepted. */
interface Entrant {
  readonly draft: Draft;
  readonly key: KeyClaim | null;
}

/** Whether a message may be accepted, or what its key stands for already. */
export type Admission =
  | { readonly kind: 'room'; readonly claim: Claim }
  | { readonly kind: 'known'; readonly record: KeyRecord };

/**
 * Lets in what may be accepted now. What was accepted before under the same key needs no room: its repeat is told what
 * the key stands for, however full it is by now.
 *
 * Both methods reject with GatewayError `overloaded`, `shutting_down`, and with what the store throws.
 */
export interface Room {
  forOne(entrant: Entrant): Promise<Admission>;
  /** @param batch the key of all of them together */
  forBatch(entrants: readonly Entrant[], batch: KeyClaim | null): Promise<Admission>;
  /** From now on there is no room for anything. */
  close(): void;
}

export interface RoomOptions extends QueueLimitOptions {
  readonly store: Pick<Store, 'queuedCount' | 'findKey' | 'findKeyed'>;
}

export function createRoom(options: RoomOptions): Room {
  const { store } = options;
  const limit = createQueueLimit(options);
  let isClosed = false;

  /** Room, or why there is none. */
  const claim = (drafts: readonly Draft[]) => (isClosed ? shuttingDown() : limit.claim(drafts));

  const known = async (key: KeyClaim | null) => (key === null ? null : store.findKey(key.scope));

  /** Those whose keys stand for nothing yet. */
  const fresh = async (entrants: readonly Entrant[]): Promise<readonly Entrant[]> => {
    const scopes = entrants.flatMap(({ key }) => (key === null ? [] : [key.scope]));
    if (scopes.length === 0) return entrants;
    const earlier = await store.findKeyed(scopes);
    return entrants.filter(({ key }) => key === null || !earlier.has(key.scope));
  };

  return {
    async forOne({ draft, key }) {
      // Whoever waits itself is not in the queue.
      const claimed = await claim(draft.mode === 'async' ? [draft] : []);
      if (!(claimed instanceof GatewayError)) return { kind: 'room', claim: claimed };
      const record = await known(key);
      if (record === null) throw claimed;
      return { kind: 'known', record };
    },
    async forBatch(entrants, batch) {
      const claimed = await claim(draftsOf(entrants));
      if (!(claimed instanceof GatewayError)) return { kind: 'room', claim: claimed };
      const record = await known(batch);
      if (record !== null) return { kind: 'known', record };
      const others = await fresh(entrants);
      if (others.length === 0) return { kind: 'room', claim: NO_CLAIM };
      const again = others.length === entrants.length ? claimed : await claim(draftsOf(others));
      if (again instanceof GatewayError) throw again;
      return { kind: 'room', claim: again };
    },
    close() {
      isClosed = true;
    },
  };
}

const draftsOf = (entrants: readonly Entrant[]) => entrants.map(({ draft }) => draft);

function shuttingDown(): GatewayError {
  return new GatewayError('shutting_down', 'The gateway is shutting down.', { retryAfterMs: 5_000 });
}
