import type { Lane } from '../channels/channel.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Pacer } from '../pacing/pacer.ts';
import { createScheduler, type FlowKey, type FlowPolicy } from '../pacing/scheduler.ts';
import { createAlarms } from './alarms.ts';
import type { Attempt } from './attempt.ts';
import type { Backlog } from './backlog.ts';
import { createCourier, type DeliveryObserver } from './courier.ts';
import type { Credentials } from './credentials.ts';
import { createFlowLines } from './flow-lines.ts';
import type { Ledger, Recorded } from './ledger.ts';
import type { Message } from './message.ts';
import * as outcomes from './outcomes.ts';
import { atItsTime, createOutlook, type Outlook, type Prospect } from './outlook.ts';
import { createPatience, type End } from './patience.ts';
import { createReturning } from './returning.ts';
import { createTurns } from './turns.ts';

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

// What a flow with stored messages weighs when the rate is divided among processes.
const STORED_DEMAND = 10;

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { clock, pacer, observer, ledger, backlog, isStopped } = options;
  const lines = createFlowLines();
  const scheduler = createScheduler(options);
  const delays = createAlarms(clock);
  let isOver = false;
  const whenIdle: (() => void)[] = [];

  const isHeld = () => options.credentials.state() === 'refused';
  const outlook = createOutlook({ clock, pacer, policy: options.policy, isHeld, isStopped, waiting: lines.counts });

  const finish = (message: Message) => {
    patience.forget(message);
    delays.cancel(message);
    if (!message.isStored) ledger.note(message);
    observer.settled(message);
  };

  /** Ends a queued message without an attempt. */
  const giveUp = (message: Message, end: End) => {
    if (message.state !== 'queued') return;
    end(message, clock.now());
    lines.drop(message);
    if (message.isStored) ledger.settleUnsent(message).then(() => finish(message));
    else finish(message);
  };
  const giveAllUp = (end: End) => {
    for (const message of [...lines.all(), ...delays.messages()]) giveUp(message, end);
  };

  const patience = createPatience({
    clock,
    pacer,
    outlook,
    isHeld,
    isStopped,
    isStarting: (message) => turns.isStarting(message),
    isAsking: backlog.isTaking,
    giveUp,
  });

  const enqueue = (message: Message) => {
    if (message.readyAt <= clock.now()) {
      lines.add(message);
      return scheduler.activate(message);
    }
    if (message.readyAt > message.patienceEndsAt) return giveUp(message, patience.withdraw);
    delays.set(message, message.readyAt, () => {
      enqueue(message);
      turns.pump();
      patience.await(message, 0);
    });
  };

  /** A message that was accepted long ago waits again, in its old place. */
  const requeue = (message: Message) => {
    if (message.mode === 'async') return wake(message);
    if (isOver) return giveUp(message, outcomes.shutDown);
    if (message.state !== 'queued') return;
    enqueue(message);
    patience.await(message, 0);
    turns.pump();
  };
  /** One whose row still says `sending` cannot begin again before the store is back; its caller hears of it now. */
  const cameBack = (message: Message, recorded: Recorded) => {
    if (recorded === 'lost') giveUp(message, outcomes.takenOver);
    else if (recorded === 'late' && message.mode === 'sync') giveUp(message, outcomes.refuseForStorage);
    else requeue(message);
  };

  const isIdle = () => courier.busy === 0 && turns.reserved === 0;
  const checkIdle = () => {
    if (isIdle()) for (const resolve of whenIdle.splice(0)) resolve();
  };

  const returning = createReturning({
    ledger,
    onOver(flow) {
      if (lines.peek(flow) !== undefined || backlog.mayHold(flow)) scheduler.activate(flow);
      turns.pump();
    },
  });

  const courier = createCourier({
    clock,
    pacer,
    attempt: options.attempt,
    ledger,
    returning,
    credentials: options.credentials,
    observer,
    onFree() {
      turns.pump();
      checkIdle();
    },
    onReturned(message) {
      if (isOver) outcomes.shutDown(message, clock.now());
      else if (message.isAbandoned || isHeld()) patience.withdraw(message, clock.now());
    },
    onQueued: cameBack,
    onFinal: finish,
  });

  const turns = createTurns({
    clock,
    pacer,
    scheduler,
    lines,
    backlog,
    ledger,
    returning,
    outlook,
    courier: () => courier,
    isHeld: () => isOver || isHeld(),
    giveUp,
    expire: patience.expire,
    onTurn: patience.forget,
    onReturned: cameBack,
    onShut: patience.foresee,
    onSettled() {
      patience.recheck();
      checkIdle();
    },
  });

  /** While nobody waits, nobody is passed over, and a message costs no queueing. */
  const mayStartAtOnce = (message: Message) => {
    if (scheduler.size > 0 || turns.reserved > 0 || backlog.mayHold(message) || returning.holds(message)) return false;
    const now = clock.now();
    if (message.readyAt > now || (message.expiresAt !== null && message.expiresAt <= now)) return false;
    return pacer.room(now) >= 1 && !isHeld() && !isStopped(message.lane, message.caller);
  };

  const wake = (flow?: FlowKey) => {
    if (flow !== undefined) {
      backlog.notice(flow);
      scheduler.activate(flow);
    } else if (isHeld()) giveAllUp(patience.withdraw);
    turns.pump();
  };

  /** Any process may send what is stored; it must not outweigh what only this one can. */
  const storedDemand = () => {
    let flows = 0;
    for (const flow of scheduler.flows()) if (backlog.mayHold(flow) && mayGo(flow)) flows++;
    return flows * STORED_DEMAND;
  };
  const mayGo = ({ lane, caller }: FlowKey) => !isStopped(lane, caller);

  return {
    submit(message) {
      if (isOver) return giveUp(message, outcomes.shutDown);
      outlook.arrived(message);
      if (mayStartAtOnce(message)) return turns.start(message);
      enqueue(message);
      turns.pump();
      patience.await(message, null);
    },
    wake,
    withdraw(message) {
      message.isAbandoned = true;
      giveUp(message, patience.withdraw);
    },
    cancel(message) {
      if (message.state !== 'queued') return false;
      giveUp(message, outcomes.cancel);
      return true;
    },
    outlook,
    prospect(message, own) {
      const now = clock.now();
      return atItsTime(outlook.prospect(message, own, now), message.readyAt, now);
    },
    waiting: lines.counts,
    demand() {
      const started = courier.busy + turns.reserved;
      // What is held here must not claim a part of the rate, nor the probe.
      if (isHeld()) return started;
      const waiting = lines.counts().filter(({ flow }) => mayGo(flow));
      return waiting.reduce((sum, { waiting: messages }) => sum + messages, started) + storedDemand();
    },
    stop() {
      isOver = true;
      turns.stop();
      giveAllUp(outcomes.shutDown);
    },
    idle: () => (isIdle() ? Promise.resolve() : new Promise((resolve) => whenIdle.push(resolve))),
  };
}
