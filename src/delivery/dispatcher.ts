import type { Clock } from '../kernel/clock.ts';
import { createAlarms } from './alarms.ts';
import type { Attempt } from './attempt.ts';
import { createGate } from './gate.ts';
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
  readonly observer: DeliveryObserver;
}

/** Sends the messages of one account: the only place that starts attempts and moves messages between states. */
export interface Dispatcher {
  /** Takes a queued message. Its end is told to the observer, at the earliest before this returns. */
  submit(message: Message): void;
  /** Takes a message back: now if it is queued, else once the attempt in flight sends it back to the queue. */
  withdraw(message: Message): void;
  /** Withdraws all that waits, and refuses what is submitted from now on. Attempts in flight go on. */
  stop(): void;
  /** Resolves when no attempt is in flight. */
  idle(): Promise<void>;
}

/** Time between an unclear attempt and its repetition, for callers that accept duplicates. */
const RESEND_AFTER_MS = 30_000;
const RESEND_ATTEMPTS = 3;

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { clock, observer } = options;
  const gate = createGate({ random: options.random, concurrency: options.concurrency });
  const line = createWaitingLine();
  const patience = createAlarms(clock);
  const delays = createAlarms(clock);
  let inFlight = 0;
  let cancelWake: (() => void) | null = null;
  let isStopped = false;
  const whenIdle: (() => void)[] = [];

  const settle = (message: Message) => {
    patience.cancel(message);
    delays.cancel(message);
    observer.settled(message);
  };

  const giveUp = (message: Message) => {
    if (message.state !== 'queued') return;
    outcomes.withdraw(message, reasonToWait(message), gate, clock.now());
    settle(message);
  };

  const reasonToWait = (message: Message): WaitReason => {
    if (message.sendAt !== null && message.sendAt > clock.now()) return 'schedule';
    return gate.cause() === null ? 'rate' : 'paused';
  };

  const enqueue = (message: Message, notBefore: number) => {
    const now = clock.now();
    if (notBefore <= now) return line.add(message);
    if (notBefore > message.patienceEndsAt) return giveUp(message);
    delays.set(message, notBefore, () => {
      line.add(message);
      pump();
    });
  };

  const start = (message: Message) => {
    const pass = gate.enter();
    moveTo(message, 'sending');
    message.attempts++;
    inFlight++;
    options.attempt(message).then((result) => {
      inFlight--;
      if (result.kind === 'throttled') gate.refused(pass, 'quota', result.retryAfterMs, clock.now());
      else if (result.kind === 'unreachable') gate.refused(pass, 'connection', null, clock.now());
      else if (result.kind === 'unclear') gate.inconclusive(pass);
      else gate.succeeded(pass);
      conclude(message, result);
      pump();
      if (inFlight === 0) for (const resolve of whenIdle.splice(0)) resolve();
    });
  };

  const conclude = (message: Message, result: AttemptResult) => {
    outcomes.apply(message, result, clock.now());
    observer.attemptEnded(message, result);
    if (isFinal(message)) return settle(message);
    const isUnclear = result.kind === 'unclear';
    const isSpent = isUnclear && message.unclearAttempts >= RESEND_ATTEMPTS;
    if (isStopped || isSpent || message.isAbandoned) return giveUp(message);
    enqueue(message, isUnclear ? clock.now() + RESEND_AFTER_MS : 0);
    awaitTurn(message);
  };

  /** Withdraws what cannot start within its patience: at once if that can be foreseen, else when it ends. */
  const awaitTurn = (message: Message) => {
    if (message.state !== 'queued') return;
    const now = clock.now();
    const opensAt = gate.opensAt(now);
    if (opensAt !== Number.POSITIVE_INFINITY && opensAt > message.patienceEndsAt) return giveUp(message);
    patience.set(message, message.patienceEndsAt, () => giveUp(message));
  };

  const pump = () => {
    cancelWake?.();
    cancelWake = null;
    while (inFlight < options.concurrency && line.length > 0) {
      const now = clock.now();
      const opensAt = gate.opensAt(now);
      if (opensAt > now) {
        if (opensAt !== Number.POSITIVE_INFINITY) cancelWake = clock.schedule(opensAt - now, pump);
        break;
      }
      const message = line.take();
      if (message === undefined) break;
      if (message.expiresAt !== null && message.expiresAt <= now) {
        outcomes.expire(message);
        settle(message);
      } else start(message);
    }
  };

  return {
    submit(message) {
      if (isStopped) {
        outcomes.shutDown(message);
        return settle(message);
      }
      enqueue(message, message.sendAt ?? 0);
      pump();
      awaitTurn(message);
    },
    withdraw(message) {
      message.isAbandoned = true;
      giveUp(message);
    },
    stop() {
      isStopped = true;
      for (const message of [...line.all(), ...delays.messages()]) {
        outcomes.shutDown(message);
        settle(message);
      }
    },
    idle: () => (inFlight === 0 ? Promise.resolve() : new Promise((resolve) => whenIdle.push(resolve))),
  };
}
