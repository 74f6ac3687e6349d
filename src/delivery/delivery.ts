import type { Spool } from '../attachments/spool.ts';
import type { Clock } from '../kernel/clock.ts';
import { GatewayError } from '../kernel/errors.ts';
import { StorageUnavailable } from '../store/errors.ts';
import type { Flow } from '../store/flows.ts';
import type { KeyClaim, KeyRecord, StoredAnswer } from '../store/key-record.ts';
import type { InsertResult, ListFilter } from '../store/requests.ts';
import type { Store } from '../store/store.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { FinalWatch } from './final-watch.ts';
import { createIntake } from './intake.ts';
import type { Ledger } from './ledger.ts';
import { isMatch } from './match.ts';
import { createMessage, type Draft, isFinal, type Message } from './message.ts';
import type { Prospect } from './outlook.ts';
import { filesOf } from './payload.ts';
import type { QueueLimitOptions } from './queue-limit.ts';
import type { Revocations } from './revocations.ts';
import { createRoom } from './room.ts';
import { rowOf } from './stored-message.ts';
import { createTardy } from './tardy.ts';

/** A message on its way, as the one who submitted it sees it. */
export interface Submission {
  readonly message: Message;
  /** Resolves with the final state. Never rejects. Only for `sync` messages. */
  readonly settled: Promise<Message>;
  /** Takes it back if it is still queued; an attempt in flight is left to end. */
  withdraw(): void;
}

export type Acceptance =
  | { readonly kind: 'accepted'; readonly submission: Submission }
  /** The key was used before; nothing was accepted. */
  | { readonly kind: 'taken'; readonly record: KeyRecord };

export interface BatchItem {
  readonly draft: Draft;
  readonly key: KeyClaim | null;
}

/** The one way in: every send from every door becomes a message here. */
export interface Delivery {
  /**
   * Takes a plain message: nothing is written before it is sent, and its row only if it has not ended soon. One whose
   * caller is gone already is withdrawn.
   */
  submit(draft: Draft, isGone?: boolean): Submission;
  /**
   * Takes a message that is on disk before this resolves: one with a key, or one that nobody waits for.
   *
   * @throws GatewayError `storage_unavailable`, `overloaded` (too many wait), `shutting_down`. Nothing was accepted then.
   */
  accept(draft: Draft, key: KeyClaim | null): Promise<Acceptance>;
  /**
   * The same for many `async` messages, all or none of them, with the answer that repeats of the batch will get. The
   * files of an item whose key was taken are removed.
   */
  acceptBatch(
    items: readonly BatchItem[],
    batch: KeyClaim | null,
    answer: (results: readonly { readonly id: string; readonly result: InsertResult }[]) => StoredAnswer,
  ): Promise<
    | { readonly kind: 'accepted'; readonly answer: StoredAnswer }
    | { readonly kind: 'taken'; readonly record: KeyRecord }
  >;
  /**
   * What this key stands for; null if that is nothing, or not any more.
   *
   * @throws GatewayError `storage_unavailable`, also while it is taken back what was stored under this key.
   */
  findKey(key: KeyClaim): Promise<KeyRecord | null>;
  /** A message that is on its way in this process. */
  find(id: string): Message | null;
  /** Cancels a queued message of this process; null if it has none with this id. */
  cancelHere(id: string): boolean | null;
  /**
   * Cancels the queued messages of this process that are stored and match. Resolves with how many, once their ends are
   * recorded.
   */
  cancelManyHere(filter: ListFilter): Promise<number>;
  /** Some stored messages of these flows may have become ready. */
  wake(flows: readonly Flow[]): void;
  /** What waits in the store, by its own count, of every account. */
  recount(): Promise<void>;
  /** What a queued message is to expect; null if its account is not there. `own` as in {@link Dispatcher.prospect}. */
  prospect(message: Flow & { readonly readyAt: number }, own: number | null): Prospect | null;
  /** To be told of every final state by the dispatchers' observer. */
  settled(message: Message): void;
  /** Refuses new messages, withdraws those whose callers wait, and resolves when nothing is in flight. */
  drain(): Promise<void>;
}

export interface DeliveryOptions {
  readonly clock: Clock;
  readonly nextId: () => string;
  /** The dispatcher of an account, looked up for every message. */
  readonly dispatchers: ReadonlyMap<string, Dispatcher>;
  readonly store: Store;
  readonly spool: Spool;
  readonly watch: FinalWatch;
  readonly ledger: Pick<Ledger, 'follow'>;
  readonly revocations: Pick<Revocations, 'add' | 'holds'>;
  readonly queueLimit: QueueLimitOptions['queueLimit'];
  readonly keepKeysMs: number;
}

/** A message whose caller waits in this process. */
interface Waiting {
  readonly message: Message;
  readonly settled: Promise<Message>;
  readonly resolve: (message: Message) => void;
}

export function createDelivery(options: DeliveryOptions): Delivery {
  const { clock, nextId, dispatchers, store, spool, watch } = options;
  const intake = createIntake(options);
  const room = createRoom(options);
  const here = new Map<string, Waiting>();
  const tardy = createTardy({
    clock,
    here: () => here.values().map(({ message }) => message),
    store: (message) => options.ledger.follow(message, intake.insertLate(message)),
  });

  const dispatcherOf = (account: string): Dispatcher => {
    const dispatcher = dispatchers.get(account);
    if (dispatcher === undefined) throw new GatewayError('internal_error', 'The stream’s account does not exist.');
    return dispatcher;
  };

  const follow = (message: Message, dispatcher: Dispatcher, isGone = false): Submission => {
    if (message.mode === 'async') {
      message.ahead = dispatcher.outlook.accepted(message);
      if (message.readyAt <= clock.now()) dispatcher.wake(message);
      return { message, settled: new Promise(() => {}), withdraw: () => {} };
    }
    const { promise: settled, resolve } = Promise.withResolvers<Message>();
    here.set(message.id, { message, settled, resolve });
    if (isGone) dispatcher.withdraw(message);
    else dispatcher.submit(message);
    tardy.taken();
    return { message, settled, withdraw: () => dispatcher.withdraw(message) };
  };

  const removeFiles = ({ payload }: Message) => {
    const files = filesOf(payload);
    if (files.length > 0) spool.remove(files).catch(() => {});
  };

  const stored = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StorageUnavailable)) throw error;
      const detail = 'The message could not be stored, so it was not accepted.';
      throw new GatewayError('storage_unavailable', detail, { retryAfterMs: 5_000, cause: error });
    }
  };

  const taken = async (record: KeyRecord, key: KeyClaim | null) => {
    if (key !== null) await intake.certain(key.scope);
    return { kind: 'taken', record } as const;
  };

  return {
    submit(draft, isGone = false) {
      const dispatcher = dispatcherOf(draft.account);
      return follow(createMessage(draft, nextId(), clock.now(), false), dispatcher, isGone);
    },

    accept: (draft, key) =>
      stored(async () => {
        const dispatcher = dispatcherOf(draft.account);
        const admission = await room.forOne({ draft, key });
        if (admission.kind === 'known') return taken(admission.record, key);
        const message = createMessage(draft, nextId(), clock.now(), true);
        const result = await intake.insert(message, key).finally(admission.claim.over);
        if (result?.kind === 'taken') return taken(result.record, key);
        return { kind: 'accepted', submission: follow(message, dispatcher) };
      }),

    acceptBatch: (items, batch, answer) =>
      stored(async () => {
        const places = items.map(({ draft }) => dispatcherOf(draft.account));
        const admission = await room.forBatch(items, batch);
        if (admission.kind === 'known') return taken(admission.record, batch);
        const messages = items.map(({ draft }) => createMessage(draft, nextId(), clock.now(), true));
        const keys = items.map(({ key }) => key);
        const rows = messages.map((message, i) => ({ row: rowOf(message), key: keys[i] ?? null }));
        const render = (results: readonly InsertResult[]) =>
          answer(results.map((result, i) => ({ id: (messages[i] as Message).id, result })));
        // As long as the key of its last message, however long that waits.
        const lastEndsAt = messages.reduce((last, { expiresAt }) => Math.max(last, expiresAt ?? 0), clock.now());
        const inserted = await intake
          .insertBatch({ messages, keys, key: batch }, () =>
            store.insertBatch(rows, batch, render, lastEndsAt + options.keepKeysMs),
          )
          .finally(admission.claim.over);
        if (inserted.kind === 'taken') return taken(inserted.record, batch);
        messages.forEach((message, i) => {
          if (inserted.results[i]?.kind === 'inserted') follow(message, places[i] as Dispatcher);
          else removeFiles(message);
        });
        return { kind: 'accepted', answer: render(inserted.results) };
      }),

    findKey: (key) =>
      stored(async () => {
        const record = await store.findKey(key.scope);
        return record === null ? null : (await taken(record, key)).record;
      }),
    find: (id) => here.get(id)?.message ?? null,
    cancelHere(id) {
      const message = here.get(id)?.message;
      return message === undefined ? null : dispatcherOf(message.account).cancel(message);
    },
    async cancelManyHere(filter) {
      const canceled = [...here.values()].filter(
        ({ message }) => message.isStored && isMatch(message, filter) && dispatcherOf(message.account).cancel(message),
      );
      await Promise.all(canceled.map(({ settled }) => settled));
      return canceled.length;
    },
    wake(flows) {
      for (const flow of flows) dispatchers.get(flow.account)?.wake(flow);
    },
    async recount() {
      const changes = new Map([...dispatchers].map(([name, { outlook }]) => [name, outlook.changes]));
      const counted = Map.groupBy(await store.backlog(), ({ account }) => account);
      for (const [name, { outlook }] of dispatchers) outlook.counted(counted.get(name) ?? [], changes.get(name) ?? -1);
    },
    prospect: (message, own) => dispatchers.get(message.account)?.prospect(message, own) ?? null,

    settled(message) {
      if (!isFinal(message)) return;
      here.get(message.id)?.resolve(message);
      here.delete(message.id);
      watch.ended(message.id, message.raw);
      // What was not sent may be sent again from its files; they go with the row's payload.
      if (message.state === 'sent') removeFiles(message);
    },

    async drain() {
      room.close();
      for (const dispatcher of dispatchers.values()) dispatcher.stop();
      await Promise.all([...dispatchers.values()].map((dispatcher) => dispatcher.idle()));
    },
  };
}
