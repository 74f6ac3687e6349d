import type { CommboxClient } from '../commbox/client.ts';
import { type ListedObject, type Listing, type LookupRequest, listObjects } from '../commbox/lookup.ts';
import type { Clock } from '../kernel/clock.ts';
import type { MessageRow } from '../store/message-row.ts';
import type { Store } from '../store/store.ts';
import type { Keyring } from './keyring.ts';
import { readSentObject } from './sent-object.ts';

/** What a search for an unclear message brought. `found` counts objects with its text; null = CommBox did not say. */
export interface Reconciliation {
  readonly found: number | null;
  readonly objectIds: readonly string[];
  readonly isResolved: boolean;
  /** CommBox could not be asked, or gave no answer: a later search may say more. */
  readonly isOpen: boolean;
}

/** Finds out whether CommBox has a message whose fate is unknown. Never sends anything. */
export interface Reconciler {
  reconcile(row: MessageRow): Promise<Reconciliation>;
}

/** How to reach the account of a message. */
export interface ReconcileAccount {
  readonly client: CommboxClient;
  readonly basePath: string;
  readonly keyring: Keyring;
}

export interface ReconcilerOptions {
  readonly accounts: ReadonlyMap<string, ReconcileAccount>;
  readonly store: Store;
  readonly clock: Clock;
}

/** How far CommBox's clock and ours may differ, and how long after the attempt an object may still appear. */
const BEFORE_MS = 5 * 60_000;
const AFTER_MS = 15 * 60_000;

/** Most messages are sent by then, or their caller has gone. */
const WAITED_MS = 10 * 60_000;

interface Searched {
  readonly from: number;
  readonly to: number;
}

const NOTHING = { found: null, objectIds: [], isResolved: false } as const;

export function createReconciler({ accounts, store, clock }: ReconcilerOptions): Reconciler {
  return {
    async reconcile(row) {
      const account = accounts.get(row.account);
      const sent = row.payload === null ? null : readSentObject(row.payload);
      const unclear = row.attempts.filter(({ outcome }) => outcome !== 'throttled' && outcome !== 'unreachable');
      const first = unclear[0]?.at ?? row.createdAt;
      const last = unclear.at(-1)?.at ?? row.endedAt ?? row.createdAt;
      if (account === undefined) return { ...NOTHING, isOpen: true };
      // It was erased, or came without a text: there is nothing to search for.
      if (sent === null) return { ...NOTHING, isOpen: false };

      const from = first - BEFORE_MS;
      const to = last + AFTER_MS;
      const listing = await listWithEitherKey(account, {
        streamId: row.streamId,
        requestId: row.requestId,
        identity: sent.identity,
        from,
        to,
      });
      if (listing.kind !== 'listed') return { ...NOTHING, isOpen: listing.kind !== 'rejected' };
      const matches = listing.objects.filter((object) => object.message === sent.text && isWithin(object, from, to));
      const [only] = matches;
      // Several could be this message or its twins; none proves nothing: neither says what became of it. Nor does one that
      // is known to be a twin's.
      const isResolved =
        matches.length === 1 &&
        only !== undefined &&
        (await store.resolve(row.id, {
          state: 'sent',
          objectId: only.objectId,
          now: clock.now(),
          unlessAnothersOf: timeOfTwins(only, { from, to }),
        }));
      return { found: matches.length, objectIds: matches.map(({ objectId }) => objectId), isResolved, isOpen: false };
    },
  };
}

/** Like an attempt, it tries the other key once if the first is refused. */
async function listWithEitherKey(account: ReconcileAccount, request: Omit<LookupRequest, 'key'>): Promise<Listing> {
  const { client, basePath, keyring } = account;
  const key = keyring.preferred();
  const listing = await listObjects(client, basePath, { ...request, key });
  const other = listing.kind === 'unauthorized' ? keyring.other(key) : null;
  if (other === null) return listing;
  const second = await listObjects(client, basePath, { ...request, key: other });
  if (second.kind === 'listed') keyring.prefer(other);
  return second;
}

/** When another message that the object came from was accepted, unless it waited for long. */
function timeOfTwins({ createdAt }: ListedObject, searched: Searched): Searched {
  const { from, to } = createdAt === null ? searched : { from: createdAt - BEFORE_MS, to: createdAt + BEFORE_MS };
  return { from: from - WAITED_MS, to };
}

function isWithin({ createdAt }: ListedObject, from: number, to: number): boolean {
  return createdAt === null || (createdAt >= from && createdAt <= to);
}
