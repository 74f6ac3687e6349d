import type { Lane } from '../channels/channel.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Pacer } from '../pacing/pacer.ts';
import { createScheduler, type FlowKey, type FlowPolicy } from '../pacing/scheduler.ts';
import type { TakePick } from '../store/store.ts';
import { createAlarms } from './alarms.ts';
import type { Attempt } from './attempt.ts';
import type { Backlog } from './backlog.ts';
import { createCourier, type DeliveryObserver } from './courier.ts';
import type { Credentials } from './credentials.ts';
import { createFlowLines, flowName } from './flow-lines.ts';
import type { Ledger } from './ledger.ts';
import { type Message, moveTo } from './message.ts';
import * as outcomes from './outcomes.ts';
import { createOutlook, type Outlook, type Prospect } from './outlook.ts';

export interface DispatcherOptions {
  readonly clock: Clock;
  readonly pacer: Pacer;
  readonly attempt: Attempt;
  readonly ledger: Ledger;
  /** The stored messages of this account that nobody waits for. */
  readonly backlog: Backlog;
  readonly credentials: Pick<Credentials, 'state' | 'refused'>;
  readonly observer: DeliveryObserver;
  readonly policy: (caller: string) => FlowPolicy;
  /** Whether an operator has stopped a flow of the account. */
  readonly isStopped: (lane: Lane, caller: string) => boolean;
}

/** Sends the messages of one account: the only place that starts attempts and moves messages between states. */
export interface Dispatcher {
  /** Takes a queued `sync` message. Its end is told to the observer, at the earliest before this returns. */
  submit(message: Message): void;
  /** Looks for stored messages: some of the flow may have become ready. Without a flow: something else has changed. */
  wake(flow?: FlowKey): void;
  /** Takes a message back: now if it is queued, else once the attempt in flight sends it back to the queue. */
  withdraw(message: Message): void;
  /** Cancels a queued message of this process. False if it is not queued. */
  cancel(message: Message): boolean;
  readonly outlook: Pick<Outlook, 'accepted' | 'counted' | 'changes'>;
  /** What a queued message is to expect; `own` as in {@link Outlook}. */
  prospect(message: FlowKey & { readonly readyAt: number }, own: number | null): Prospect;
  /** Messages whose callers wait, by flow. */
  waiting(): readonly { readonly flow: FlowKey; readonly waiting: number }[];
  /** How many messages could be sent now, as far as this process can tell. */
  demand(): number;
  /** Withdraws what callers wait for, and starts nothing any more. Attempts in flight go on. */
  stop(): void;
  /** Resolves when no attempt is in flight. */
  idle(): Promise<void>;
}

// A plan is made of what is known now; the longer it is, the more of it is outdated.
const LONGEST_PLAN = 64;
// What a flow with stored messages weighs when the rate is divided among processes.
const STORED_DEMAND = 10;
// An estimate is no promise: only what is clearly beyond the patience is refused at once.
const DOUBT = 1.1;

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { clock, pacer, observer, ledger, backlog } = options;
  const lines = createFlowLines();
  const scheduler = createScheduler(options);
  const patience = createAlarms(clock);
  const delays = createAlarms(clock);
  /** Slots that are given to messages of which the store is still asked. */
  let reserved = 0;
  let cancelWake: (() => void) | null = null;
  let isOver = false;
  const whenIdle: (() => void)[] = [];
  /** Queued messages that have their slot, and only wait for the store to note that they start. */
  const starting = new Set<Message>();
  /** Messages whose patience ended while the store was asked whose turn it is. */
  const overdue: Message[] = [];

  const isHeld = () => options.credentials.state() === 'refused';
  const outlook = createOutlook({
    pacer,
    policy: options.policy,
    isHeld,
    isStopped: options.isStopped,
    waiting: lines.counts,
  });

  const finish = (message: Message) => {
    patience.cancel(message);
    delays.cancel(message);
    if (!message.isStored) ledger.note(message);
    observer.settled(message);
  };

  /** Ends a queued message without an attempt. */
  const giveUp = (message: Message, end: (message: Message, now: number) => void = withdraw) => {
    if (message.state !== 'queued') return;
    end(message, clock.now());
    if (message.isStored) ledger.settle(message, null).then(() => finish(message));
    else finish(message);
  };

  const withdraw = (message: Message, now: number) => {
    const retryAfterMs = outlook.prospect(message, 0, now).startsAt - now;
    outcomes.withdraw(message, hindranceOf(message, now), Number.isFinite(retryAfterMs) ? retryAfterMs : 30_000, now);
  };
  const hindranceOf = (message: Message, now: number): outcomes.Hindrance => {
    if (message.readyAt > now) return 'schedule';
    if (isHeld()) return 'credentials';
    if (options.isStopped(message.lane, message.caller)) return 'stopped';
    return pacer.cause() ?? (pacer.isPaced(now) ? 'quota' : 'busy');
  };

  const enqueue = (message: Message) => {
    if (message.readyAt <= clock.now()) {
      lines.add(message);
      return scheduler.activate(message);
    }
    if (message.readyAt > message.patienceEndsAt) return giveUp(message);
    delays.set(message, message.readyAt, () => {
      enqueue(message);
      pump();
    });
  };

  /** Withdraws what cannot start within its patience: at once if that can be foreseen, else when it ends. */
  const awaitTurn = (message: Message) => {
    if (message.state !== 'queued' || starting.has(message)) return;
    const now = clock.now();
    const patienceMs = Math.max(0, message.patienceEndsAt - now);
    if (isHeld() || isVain(message, now, patienceMs)) return giveUp(message);
    patience.set(message, message.patienceEndsAt, () => {
      // It may be its turn already, which only the store can tell.
      if (backlog.isTaking()) overdue.push(message);
      else giveUp(message);
    });
  };
  const isVain = (message: Message, now: number, patienceMs: number) => {
    const opensAt = pacer.opensAt(now);
    if (Number.isFinite(opensAt) && opensAt - now > patienceMs) return true;
    return outlook.prospect(message, null, now).startsAt - now > patienceMs * DOUBT;
  };

  /** Any process may send what is stored; it must not outweigh what only this one can. */
  const storedDemand = () => {
    let flows = 0;
    for (const flow of scheduler.flows()) if (backlog.mayHold(flow)) flows++;
    return flows * STORED_DEMAND;
  };

  const release = () => {
    pump();
    if (courier.busy === 0 && reserved === 0) for (const resolve of whenIdle.splice(0)) resolve();
  };

  const courier = createCourier({
    clock,
    pacer,
    attempt: options.attempt,
    ledger,
    credentials: options.credentials,
    observer,
    onFree: release,
    onReturned(message) {
      if (isOver) outcomes.shutDown(message, clock.now());
      else if (message.isAbandoned || isHeld()) withdraw(message, clock.now());
    },
    onQueued(message) {
      if (message.mode === 'async') return wake(message);
      enqueue(message);
      awaitTurn(message);
      pump();
    },
    onFinal: finish,
  });

  const giveBack = (message: Message) => {
    moveTo(message, 'queued');
    ledger.settle(message, null).then(() => {
      if (message.mode === 'async') return wake(message);
      enqueue(message);
      awaitTurn(message);
    });
  };
  /** The account may have been closed while the store was asked. */
  const sendOrGiveBack = (message: Message) => {
    if (isOver || isHeld() || pacer.room(clock.now()) < 1) giveBack(message);
    else courier.send(message);
  };

  const start = (message: Message) => {
    if (!message.isStored) {
      moveTo(message, 'sending');
      return courier.send(message);
    }
    reserved++;
    starting.add(message);
    patience.cancel(message);
    const ended = (mayBegin: boolean, otherwise: typeof outcomes.cancel) => {
      starting.delete(message);
      reserved--;
      if (mayBegin && message.state === 'queued') {
        moveTo(message, 'sending');
        sendOrGiveBack(message);
      } else giveUp(message, otherwise);
      release();
    };
    ledger.begin(message).then(
      (mayBegin) => ended(mayBegin, outcomes.cancel),
      () => ended(false, outcomes.refuseForStorage),
    );
  };

  /** Starts the next message of a line. False if there is none, or it came too late. */
  const startNext = (flow: FlowKey): boolean => {
    const head = lines.take(flow);
    if (lines.peek(flow) === undefined && !backlog.mayHold(flow)) scheduler.deactivate(flow);
    if (head === undefined) return false;
    const isLate = head.expiresAt !== null && head.expiresAt <= clock.now();
    if (isLate) giveUp(head, outcomes.expire);
    else start(head);
    return !isLate;
  };

  const takeFromBacklog = (picks: readonly TakePick[]) => {
    const slots = picks.reduce((sum, { limit }) => sum + limit, 0);
    reserved += slots;
    backlog.take(picks).then((messages) => {
      reserved -= slots;
      const taken = new Map<string, number>();
      for (const message of messages) {
        taken.set(flowName(message), (taken.get(flowName(message)) ?? 0) + 1);
        sendOrGiveBack(message);
      }
      for (const pick of picks) {
        const found = taken.get(flowName(pick)) ?? 0;
        outlook.left(pick, found);
        if (found < pick.limit) fillUp(pick, pick.limit - found);
      }
      release();
      for (const message of overdue.splice(0)) if (!starting.has(message)) giveUp(message);
    });
  };

  /** The store had less than was planned: all that was accepted before the head of the line has been started. */
  const fillUp = (pick: TakePick, slots: number) => {
    let unused = slots;
    const head = lines.peek(pick);
    const isNext = head !== undefined && head.id === pick.before;
    if (isNext && !isOver && pacer.room(clock.now()) > reserved && startNext(pick)) unused--;
    for (; unused > 0; unused--) scheduler.refund(pick);
    if (lines.peek(pick) === undefined && !backlog.mayHold(pick)) scheduler.deactivate(pick);
  };

  /** Gives up to `room` slots away. */
  const allot = (room: number) => {
    const picks = new Map<string, { flow: FlowKey; limit: number }>();
    for (let left = room; left > 0; ) {
      const flow = scheduler.next();
      if (flow === null) break;
      if (backlog.mayHold(flow)) {
        const pick = picks.get(flowName(flow));
        if (pick === undefined) picks.set(flowName(flow), { flow, limit: 1 });
        else pick.limit++;
        left--;
      } else if (startNext(flow)) left--;
      else scheduler.refund(flow);
    }
    if (picks.size === 0) return;
    takeFromBacklog(
      [...picks.values()].map(({ flow: { lane, caller }, limit }) => {
        const before = lines.peek({ lane, caller })?.id;
        return { lane, caller, limit, ...(before !== undefined && { before }) };
      }),
    );
  };

  const pump = () => {
    cancelWake?.();
    cancelWake = null;
    while (!isOver && !isHeld() && scheduler.size > 0 && !backlog.isTaking()) {
      const now = clock.now();
      const room = Math.min(pacer.room(now) - reserved, LONGEST_PLAN);
      if (room < 1) return wakeWhenOpen(now);
      const before = courier.busy + reserved;
      allot(room);
      // Nobody who is active may go: all are stopped.
      if (courier.busy + reserved === before) return;
    }
  };
  const wakeWhenOpen = (now: number) => {
    const opensAt = pacer.opensAt(now);
    if (opensAt > now && Number.isFinite(opensAt)) cancelWake = clock.schedule(opensAt - now, pump);
  };

  /** While nobody waits, nobody is passed over, and a message costs no queueing. */
  const mayStartAtOnce = (message: Message) => {
    if (scheduler.size > 0 || reserved > 0 || backlog.mayHold(message)) return false;
    const now = clock.now();
    if (message.readyAt > now || (message.expiresAt !== null && message.expiresAt <= now)) return false;
    return pacer.room(now) >= 1 && !isHeld() && !options.isStopped(message.lane, message.caller);
  };

  /** Ends everything that callers wait for. */
  const withdrawAll = (end: (message: Message, now: number) => void) => {
    for (const message of [...lines.all(), ...delays.messages()]) giveUp(message, end);
  };

  const wake = (flow?: FlowKey) => {
    if (flow !== undefined) {
      backlog.notice(flow);
      scheduler.activate(flow);
    } else if (isHeld()) withdrawAll(withdraw);
    pump();
  };

  return {
    submit(message) {
      if (isOver) return giveUp(message, outcomes.shutDown);
      if (mayStartAtOnce(message)) return start(message);
      enqueue(message);
      pump();
      awaitTurn(message);
    },
    wake,
    withdraw(message) {
      message.isAbandoned = true;
      giveUp(message);
    },
    cancel(message) {
      if (message.state !== 'queued') return false;
      giveUp(message, outcomes.cancel);
      return true;
    },
    outlook,
    prospect(message, own) {
      const now = clock.now();
      const prospect = outlook.prospect(message, own, now);
      if (message.readyAt <= now) return prospect;
      return { ...prospect, waitingFor: 'schedule', startsAt: Math.max(prospect.startsAt, message.readyAt) };
    },
    waiting: lines.counts,
    demand: () =>
      courier.busy + reserved + lines.counts().reduce((sum, { waiting }) => sum + waiting, 0) + storedDemand(),
    stop() {
      isOver = true;
      cancelWake?.();
      withdrawAll(outcomes.shutDown);
    },
    idle: () =>
      courier.busy === 0 && reserved === 0 ? Promise.resolve() : new Promise((resolve) => whenIdle.push(resolve)),
  };
}
