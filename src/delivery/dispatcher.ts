import type { Clock } from '../kernel/clock.ts';
import { createAlarms } from './alarms.ts';
import type { Attempt } from './attempt.ts';
import type { Backlog } from './backlog.ts';
import { createGate } from './gate.ts';
import type { Ledger } from './ledger.ts';
import { type AttemptResult, isFinal, type Message, moveTo, type WaitReason } from './message.ts';
import * as outcomes from './outcomes.ts';
import { createWaitingLine } from './waiting-line.ts';

/** Hears of every attempt and every end; what it does with that must not throw. */
export interface DeliveryObserver {
  attemptEnded(message: Message, result: AttemptResult): void;
  settled(message: Message): void;
}

export interface DispatcherOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Most attempts in flight. */
  readonly concurrency: number;
  readonly attempt: Attempt;
  readonly ledger: Ledger;
  /** The stored messages of this account that nobody waits for. */
  readonly backlog: Backlog;
  readonly observer: DeliveryObserver;
}

/** Sends the messages of one account: the only place that starts attempts and moves messages between states. */
export interface Dispatcher {
  /** Takes a queued `sync` message. Its end is told to the observer, at the earliest before this returns. */
  submit(message: Message): void;
  /** Looks for stored messages: some may have become ready. */
  wake(): void;
  /** Takes a message back: now if it is queued, else once the attempt in flight sends it back to the queue. */
  withdraw(message: Message): void;
  /** Cancels a queued message of this process. False if it is not queued. */
  cancel(message: Message): boolean;
  /** Why a queued message of the account waits now, and when the next attempt can start (epoch milliseconds). */
  outlook(readyAt: number): { readonly waitingFor: WaitReason; readonly opensAt: number };
  /** Withdraws what callers wait for, and starts nothing any more. Attempts in flight go on. */
  stop(): void;
  /** Resolves when no attempt is in flight. */
  idle(): Promise<void>;
}

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { clock, observer, ledger, backlog } = options;
  const gate = createGate({ random: options.random, concurrency: options.concurrency });
  const line = createWaitingLine();
  const patience = createAlarms(clock);
  const delays = createAlarms(clock);
  let busy = 0;
  let cancelWake: (() => void) | null = null;
  let isStopped = false;
  const whenIdle: (() => void)[] = [];
  /** Queued messages that have their slot, and only wait for the store to note that they start. */
  const starting = new Set<Message>();
  /** Messages whose patience ended while the store was asked whose turn it is. */
  const overdue: Message[] = [];

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
  const withdraw = (message: Message, now: number) =>
    outcomes.withdraw(message, reasonToWait(message.readyAt), gate, now);

  const reasonToWait = (readyAt: number): WaitReason => {
    if (readyAt > clock.now()) return 'schedule';
    return gate.cause() === null ? 'rate' : 'paused';
  };

  const enqueue = (message: Message) => {
    if (message.readyAt <= clock.now()) return line.add(message);
    if (message.readyAt > message.patienceEndsAt) return giveUp(message);
    delays.set(message, message.readyAt, () => {
      line.add(message);
      pump();
    });
  };

  /** Withdraws what cannot start within its patience: at once if that can be foreseen, else when it ends. */
  const awaitTurn = (message: Message) => {
    if (message.state !== 'queued' || starting.has(message)) return;
    const now = clock.now();
    const opensAt = gate.opensAt(now);
    const lastStart = Math.max(message.patienceEndsAt, now);
    if (opensAt !== Number.POSITIVE_INFINITY && opensAt > lastStart) return giveUp(message);
    patience.set(message, message.patienceEndsAt, () => {
      // It may be its turn already, which only the store can tell.
      if (backlog.isTaking()) overdue.push(message);
      else giveUp(message);
    });
  };

  const release = () => {
    busy--;
    pump();
    if (busy === 0) for (const resolve of whenIdle.splice(0)) resolve();
  };

  /** Sends a message that is `sending`. */
  const send = (message: Message) => {
    const pass = gate.enter();
    busy++;
    options.attempt(message).then((result) => {
      if (result.kind === 'throttled') gate.refused(pass, 'quota', result.retryAfterMs, clock.now());
      else if (result.kind === 'unreachable') gate.refused(pass, 'connection', null, clock.now());
      else if (result.kind === 'unclear') gate.inconclusive(pass);
      else gate.succeeded(pass);
      conclude(message, result);
      release();
    });
  };

  const conclude = (message: Message, result: AttemptResult) => {
    outcomes.apply(message, result, clock.now());
    observer.attemptEnded(message, result);
    if (message.state === 'queued' && message.mode === 'sync') {
      if (isStopped) outcomes.shutDown(message, clock.now());
      else if (message.isAbandoned) withdraw(message, clock.now());
    }
    if (!message.isStored) return goOn(message);
    ledger.settle(message, message.attempts.at(-1) ?? null).then((end) => {
      // Its row still says `sending`, so it cannot begin again before the store is back; its caller hears of it now.
      const isStuck = end === 'late' && message.mode === 'sync' && message.state === 'queued';
      if (isStuck) return giveUp(message, outcomes.refuseForStorage);
      if (end !== 'lost') return goOn(message);
      if (message.state === 'queued') outcomes.takenOver(message, clock.now());
      finish(message);
    });
  };

  const goOn = (message: Message) => {
    if (isFinal(message)) return finish(message);
    if (message.mode === 'async') return wake();
    enqueue(message);
    awaitTurn(message);
    pump();
  };

  const start = (message: Message) => {
    if (!message.isStored) {
      moveTo(message, 'sending');
      return send(message);
    }
    busy++;
    starting.add(message);
    patience.cancel(message);
    ledger.begin(message).then(
      (mayBegin) => {
        starting.delete(message);
        if (message.state === 'queued' && mayBegin) {
          moveTo(message, 'sending');
          send(message);
        } else giveUp(message, outcomes.cancel);
        release();
      },
      () => {
        starting.delete(message);
        giveUp(message, outcomes.refuseForStorage);
        release();
      },
    );
  };

  const takeFromBacklog = (room: number, before: string | undefined) => {
    busy += room;
    backlog.take(room, before).then((messages) => {
      for (const message of messages) {
        if (isStopped || gate.room(clock.now()) === 0) giveBack(message);
        else send(message);
      }
      // All that was accepted before the head of the line has been started: now it is the head's turn.
      const head = line.peek();
      if (messages.length < room && head !== undefined && head.id === before && gate.room(clock.now()) > 0) {
        line.take();
        startOrExpire(head);
      }
      busy -= room - 1;
      release();
      for (const message of overdue.splice(0)) if (!starting.has(message)) giveUp(message);
    });
  };

  const giveBack = (message: Message) => {
    moveTo(message, 'queued');
    ledger.settle(message, null).then(wake);
  };

  const startOrExpire = (message: Message) => {
    if (message.expiresAt !== null && message.expiresAt <= clock.now()) giveUp(message, outcomes.expire);
    else start(message);
  };

  const pump = () => {
    cancelWake?.();
    cancelWake = null;
    while (!isStopped && !backlog.isTaking() && (line.length > 0 || backlog.mayHold())) {
      const now = clock.now();
      const room = Math.min(options.concurrency - busy, gate.room(now));
      if (room <= 0) {
        const opensAt = gate.opensAt(now);
        if (opensAt > now && opensAt !== Number.POSITIVE_INFINITY) cancelWake = clock.schedule(opensAt - now, pump);
        return;
      }
      const head = line.peek();
      if (backlog.mayHold()) takeFromBacklog(room, head?.id);
      else if (head === undefined) return;
      else {
        line.take();
        startOrExpire(head);
      }
    }
  };

  const wake = () => {
    backlog.notice();
    pump();
  };

  return {
    submit(message) {
      if (isStopped) return giveUp(message, outcomes.shutDown);
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
    outlook: (readyAt) => ({ waitingFor: reasonToWait(readyAt), opensAt: gate.opensAt(clock.now()) }),
    stop() {
      isStopped = true;
      cancelWake?.();
      for (const message of [...line.all(), ...delays.messages()]) giveUp(message, outcomes.shutDown);
    },
    idle: () => (busy === 0 ? Promise.resolve() : new Promise((resolve) => whenIdle.push(resolve))),
  };
}
