import { createBacklog } from '../../src/delivery/backlog.ts';
import type { CredentialState } from '../../src/delivery/credentials.ts';
import { createDispatcher } from '../../src/delivery/dispatcher.ts';
import type { Recorded } from '../../src/delivery/ledger.ts';
import { type AttemptResult, type Draft, isFinal, type Message, moveTo } from '../../src/delivery/message.ts';
import * as outcomes from '../../src/delivery/outcomes.ts';
import { rowOf } from '../../src/delivery/stored-message.ts';
import { createPacer } from '../../src/pacing/pacer.ts';
import type { FlowKey, FlowPolicy } from '../../src/pacing/scheduler.ts';
import type { MessageRow } from '../../src/store/message-row.ts';
import type { TakePick } from '../../src/store/requests.ts';
import type { Store } from '../../src/store/store.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { queuedMessage } from '../support/messages.ts';
import { createFakeStore } from './fake-store.ts';

const raw = { status: 200, contentType: 'application/json', body: Buffer.from('{}') };
const upstream = (status: number) => ({ status, description: null });

/** What an attempt can end with. */
export const sent: AttemptResult = { kind: 'sent', durationMs: 1, objectId: '7', raw, upstream: upstream(200) };
export const throttled = (retryAfterMs: number | null): AttemptResult => ({
  kind: 'throttled',
  durationMs: 1,
  retryAfterMs,
  upstream: upstream(429),
});
export const refused = (code: 'commbox_rejected' | 'commbox_unauthorized', status: number): AttemptResult => ({
  kind: 'refused',
  durationMs: 1,
  code,
  raw,
  upstream: upstream(status),
});
export const unreachable: AttemptResult = { kind: 'unreachable', durationMs: 1, error: new Error('refused') };
export const unclear: AttemptResult = { kind: 'unclear', durationMs: 1, code: 'commbox_timeout', raw: null };

export interface RigOptions {
  readonly concurrency?: number;
  readonly random?: () => number;
  readonly knownRate?: number;
  readonly policy?: (caller: string) => FlowPolicy;
}

const inFlow =
  ({ lane, caller }: FlowKey) =>
  (row: FlowKey) =>
    row.lane === lane && row.caller === caller;

/**
 * A dispatcher with a pacer of its own and a store in memory. Attempts end as `answer` says, or stay open until the
 * test ends them.
 */
export function createRig(options: RigOptions = {}) {
  const clock = createManualClock();
  const starts: { id: string; at: number }[] = [];
  const open: { message: Message; end: (result: AttemptResult) => void }[] = [];
  const settled: string[] = [];
  /** What the store was told about stored messages. */
  const records: string[] = [];
  const asked: (readonly TakePick[])[] = [];
  const stopped = new Set<string>();
  let rows: MessageRow[] = [];
  let next: ((message: Message) => AttemptResult) | null = null;
  /** The store answers questions when this resolves. */
  let storeGate: Promise<unknown> = Promise.resolve();
  /** It notes what became of a message when this one does. */
  let recordGate: Promise<unknown> = Promise.resolve();
  let credentials: CredentialState = 'ok';
  let mayBegin = true;
  let endedElsewhere: MessageRow | null = null;
  /** What the next settlements come to instead. */
  const ends: ('lost' | 'late')[] = [];

  const take: Store['take'] = async ({ picks, now }) => {
    asked.push(picks);
    const taken = picks.flatMap((pick) => {
      const isOlder = ({ id }: MessageRow) => pick.before === undefined || id < pick.before;
      const isReady = ({ readyAt, expiresAt }: MessageRow) => readyAt <= now && (expiresAt ?? now + 1) > now;
      return rows.filter((row) => inFlow(pick)(row) && isOlder(row) && isReady(row)).slice(0, pick.limit);
    });
    rows = rows.filter((row) => !taken.includes(row));
    await storeGate;
    return taken.map((row) => ({ ...row, state: 'sending' }));
  };
  const pacer = createPacer({
    random: options.random ?? (() => 1),
    concurrency: options.concurrency ?? 4,
    knownRate: options.knownRate ?? null,
  });
  const putBack = (message: Message) => {
    if (message.mode === 'async' && message.state === 'queued') rows = [...rows, rowOf(message)].sort(byId);
  };
  const settle = async (message: Message): Promise<Recorded> => {
    records.push(`${message.id} ${message.state}`);
    await recordGate;
    const end = ends.shift();
    if (end !== undefined) return end;
    if (endedElsewhere !== null) return 'lost';
    putBack(message);
    return 'held';
  };
  const dispatcher = createDispatcher({
    clock,
    pacer,
    attempt: (message) => {
      starts.push({ id: message.id, at: clock.now() });
      if (next !== null) return Promise.resolve(next(message));
      return new Promise((end) => open.push({ message, end }));
    },
    ledger: {
      async begin() {
        await storeGate;
        return mayBegin;
      },
      settle,
      async settleUnsent(message) {
        if ((await settle(message)) !== 'lost' || endedElsewhere === null) return;
        if (isFinal(endedElsewhere)) outcomes.endedElsewhere(message, endedElsewhere);
      },
      follow: () => {},
      undoTake: () => {},
      note: () => {},
    },
    backlog: createBacklog({
      account: 'default',
      store: createFakeStore({ take }),
      clock,
      isRevoked: () => false,
      undoTake: () => {},
      giveBack: (message) => moveTo(message, 'queued'),
      onRetry: (flows) => {
        for (const flow of flows) dispatcher.wake(flow);
      },
      onTrouble: () => {},
    }),
    credentials: { state: () => credentials, refused: async () => (credentials === 'refused' ? 'account' : 'message') },
    observer: { attemptEnded: () => {}, settled: (message) => settled.push(`${message.id} ${message.state}`) },
    policy: options.policy ?? (() => ({ weight: 1, criticalShare: 0.5 })),
    isStopped: (lane, caller) => stopped.has(lane) || stopped.has(caller),
  });
  const begin = clock.now();
  return {
    clock,
    pacer,
    dispatcher,
    starts,
    open,
    settled,
    records,
    ends,
    asked,
    begin,
    answer(with_: (message: Message) => AttemptResult) {
      next = with_;
    },
    /** A plain message, whose caller waits. */
    submit(members: Partial<Draft> = {}): Message {
      const message = queuedMessage(clock.now(), members);
      dispatcher.submit(message);
      return message;
    },
    /** One with a key, whose caller waits. */
    submitKeyed(members: Partial<Draft> = {}): Message {
      const message = { ...queuedMessage(clock.now(), members), isStored: true };
      dispatcher.submit(message);
      return message;
    },
    /** One in the store, for which nobody waits. */
    store(members: Partial<Draft> = {}): string {
      const message = queuedMessage(clock.now(), { mode: 'async', ...members });
      rows.push(rowOf(message));
      dispatcher.outlook.accepted(message);
      dispatcher.wake(message);
      return message.id;
    },
    /** Somebody cancels a stored message. False if it does not wait in the store. */
    drop(id: string): boolean {
      const before = rows.length;
      rows = rows.filter((row) => row.id !== id);
      return rows.length < before;
    },
    stop(laneOrCaller: string, isStopped: boolean) {
      if (isStopped) stopped.add(laneOrCaller);
      else stopped.delete(laneOrCaller);
      dispatcher.wake();
    },
    turnCredentials(state: CredentialState) {
      credentials = state;
      dispatcher.wake();
    },
    /** From now on the store answers only when the returned function is called. */
    holdStore(): () => void {
      const gate = Promise.withResolvers<void>();
      storeGate = gate.promise;
      return gate.resolve;
    },
    /** From now on it notes what became of messages only when the returned function is called. */
    holdRecords(): () => void {
      const gate = Promise.withResolvers<void>();
      recordGate = gate.promise;
      return gate.resolve;
    },
    refuseBegin() {
      mayBegin = false;
    },
    /** From now on the store says that the messages of this process are no longer its own, and stand so. */
    endElsewhere(members: Partial<MessageRow>) {
      endedElsewhere = { ...rowOf(queuedMessage(clock.now())), ...members };
    },
    ids: () => starts.map(({ id }) => id),
  };
}

const byId = (one: MessageRow, other: MessageRow) => (one.id < other.id ? -1 : 1);
