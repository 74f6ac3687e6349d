import { GatewayError } from '../kernel/errors.ts';
import type { KeyClaim, KeyRecord } from '../store/key-record.ts';
import type { Store } from '../store/store.ts';
import type { Draft } from './message.ts';
import { createQueueLimit, type QueueLimitOptions } from './queue-limit.ts';

/** One message that is to be accepted. */
interface Entrant {
  readonly draft: Draft;
  readonly key: KeyClaim | null;
}

/**
 * Lets in what may be accepted now. What was accepted before under the same key needs no room: its repeat is told what
 * the key stands for, however full it is by now.
 *
 * Both methods resolve with null if there is room, or with what the key stands for. They reject with GatewayError
 * `overloaded`, `shutting_down`, and with what the store throws.
 */
export interface Room {
  forOne(entrant: Entrant): Promise<KeyRecord | null>;
  /** @param batch the key of all of them together */
  forBatch(entrants: readonly Entrant[], batch: KeyClaim | null): Promise<KeyRecord | null>;
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

  /** Null if there is room, else why not. */
  const refusal = (drafts: readonly Draft[]) => (isClosed ? shuttingDown() : limit.claim(drafts));

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
      const refused = await refusal(draft.mode === 'async' ? [draft] : []);
      if (refused === null) return null;
      const record = await known(key);
      if (record === null) throw refused;
      return record;
    },
    async forBatch(entrants, batch) {
      const refused = await refusal(entrants.map(({ draft }) => draft));
      if (refused === null) return null;
      const record = await known(batch);
      if (record !== null) return record;
      const others = await fresh(entrants);
      if (others.length === 0) return null;
      const stillRefused =
        others.length === entrants.length ? refused : await refusal(others.map(({ draft }) => draft));
      if (stillRefused !== null) throw stillRefused;
      return null;
    },
    close() {
      isClosed = true;
    },
  };
}

function shuttingDown(): GatewayError {
  return new GatewayError('shutting_down', 'The gateway is shutting down.', { retryAfterMs: 5_000 });
}
