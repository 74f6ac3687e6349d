import type { Clock } from '../kernel/clock.ts';
import type { Pacer, Pass } from '../pacing/pacer.ts';
import type { Attempt } from './attempt.ts';
import type { Credentials } from './credentials.ts';
import type { Ledger, Recorded } from './ledger.ts';
import { type AttemptResult, isFinal, isKeyRefused, type Message } from './message.ts';
import * as outcomes from './outcomes.ts';
import type { Returning } from './returning.ts';

/** Hears of every attempt and every end; what it does with that must not throw. */
export interface DeliveryObserver {
  attemptEnded(message: Message, result: AttemptResult): void;
  settled(message: Message): void;
}

export interface CourierOptions {
  readonly clock: Clock;
  readonly pacer: Pacer;
  readonly attempt: Attempt;
  readonly ledger: Ledger;
  readonly returning: Pick<Returning, 'record'>;
  readonly credentials: Pick<Credentials, 'refused'>;
  readonly observer: DeliveryObserver;
  /** An attempt has ended: another may start. */
  readonly onFree: () => void;
  /** A `sync` message was sent back, and nothing is recorded yet: its caller may not wait any longer. */
  readonly onReturned: (message: Message) => void;
  /** The message waits again, and this is recorded, if it could be. */
  readonly onQueued: (message: Message, recorded: Recorded) => void;
  readonly onFinal: (message: Message) => void;
}

/** Carries messages that are `sending` to CommBox, and records what becomes of them. */
export interface Courier {
  send(message: Message): void;
  /** Attempts in flight. */
  readonly busy: number;
}

/** The attempt does not reject; if it did, nobody could tell how far the call had come. */
const faultOfOurs = (error: unknown): AttemptResult => {
  const cause = error instanceof Error ? error : new Error('the attempt failed');
  return { kind: 'unclear', code: 'commbox_error', durationMs: 0, raw: null, error: cause };
};

export function createCourier(options: CourierOptions): Courier {
  const { clock, pacer, ledger, returning, credentials, observer } = options;
  let busy = 0;

  const tellPacer = (pass: Pass, result: AttemptResult) => {
    const now = clock.now();
    if (result.kind === 'throttled') pacer.throttled(pass, result.retryAfterMs, now);
    else if (result.kind === 'unreachable') pacer.unreached(pass, now);
    else if (result.kind === 'unclear') pacer.unclear(pass, now);
    else if (result.kind === 'damaged') pacer.inconclusive(pass);
    else pacer.succeeded(pass, now);
  };

  const goOn = (message: Message, recorded: Recorded) => {
    if (isFinal(message)) options.onFinal(message);
    else options.onQueued(message, recorded);
  };

  const conclude = (message: Message, result: AttemptResult) => {
    observer.attemptEnded(message, result);
    if (message.state === 'queued' && message.mode === 'sync') options.onReturned(message);
    if (!message.isStored) return goOn(message, 'held');
    const attempt = message.attempts.at(-1) ?? null;
    if (message.state === 'queued') returning.record(message, attempt, (recorded) => goOn(message, recorded));
    else ledger.settle(message, attempt).then((recorded) => goOn(message, recorded));
  };

  const end = (message: Message, result: AttemptResult, isHeld: boolean) => {
    if (isHeld) outcomes.hold(message, result, clock.now());
    else outcomes.apply(message, result, clock.now());
    conclude(message, result);
    busy--;
    options.onFree();
  };

  return {
    get busy() {
      return busy;
    },
    send(message) {
      const pass = pacer.enter(clock.now());
      busy++;
      const ended = (result: AttemptResult) => {
        tellPacer(pass, result);
        if (!isKeyRefused(result)) return end(message, result, false);
        // With every key refused, either they are at fault, and the message can wait, or it is.
        credentials.refused().then((blame) => end(message, result, blame === 'account'));
      };
      options.attempt(message).then(ended, (error) => ended(faultOfOurs(error)));
    },
  };
}
