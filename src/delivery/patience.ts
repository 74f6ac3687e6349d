import type { Lane } from '../channels/channel.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Pacer } from '../pacing/pacer.ts';
import { createAlarms } from './alarms.ts';
import type { HoldUp } from './expiry.ts';
import type { Message } from './message.ts';
import * as outcomes from './outcomes.ts';
import type { Outlook } from './outlook.ts';

/** How a queued message ends without an attempt. */
export type End = (message: Message, now: number) => void;

export interface PatienceOptions {
  readonly clock: Clock;
  readonly pacer: Pacer;
  readonly outlook: Outlook;
  /** CommBox refuses the account's keys. */
  readonly isHeld: () => boolean;
  readonly isStopped: (lane: Lane, caller: string) => boolean;
  /** It has its turn. */
  readonly isStarting: (message: Message) => boolean;
  /** The store is being asked whose turn it is; `recheck` is called when that is known. */
  readonly isAsking: () => boolean;
  readonly giveUp: (message: Message, end: End) => void;
}

/** Ends what cannot start within the patience of those who wait for it. */
export interface Patience {
  /**
   * Withdraws the message at once if it can be foreseen that it will not start in time, else when its time is over.
   *
   * @param own messages of its flow that are before it: none if it was sent back, null = all if it has just come
   */
  await(message: Message, own: number | null): void;
  /** It started, or ended. */
  forget(message: Message): void;
  /** Nothing may start now: withdraws whoever would wait in vain, if that has changed. */
  foresee(now: number): void;
  /** Withdraws those whose time ended while the store was asked. */
  recheck(): void;
  readonly withdraw: End;
  /** For one whose `expiresAt` has passed. */
  readonly expire: End;
}

// An estimate is no promise: only what is clearly beyond the patience is refused at once.
const DOUBT = 1.1;
/** What is said about a wait of which nobody knows the end. */
export const UNKNOWN_WAIT_MS = 30_000;

export function createPatience(options: PatienceOptions): Patience {
  const { clock, pacer, outlook, isHeld, isStopped, giveUp } = options;
  const alarms = createAlarms(clock);
  const overdue: { readonly message: Message; readonly end: End }[] = [];
  /** The end of the pause in view of which all were judged last; those that came since are judged as they come. */
  let foreseen = Number.NEGATIVE_INFINITY;

  const holdUpOf = (message: Message, now: number): HoldUp => {
    if (isHeld()) return 'credentials';
    if (isStopped(message.lane, message.caller)) return 'stopped';
    return pacer.cause() ?? (pacer.isPaced(now) ? 'quota' : 'busy');
  };
  /** Its own time counts only where that lies beyond the patience: what is due before waits for something else. */
  const hindranceOf = (message: Message, now: number): outcomes.Hindrance =>
    message.readyAt > Math.max(now, message.patienceEndsAt) && !isHeld() ? 'schedule' : holdUpOf(message, now);

  const waitOf = (message: Message, own: number | null, now: number) => {
    const waitMs = outlook.prospect(message, own, now).startsAt - now;
    return Number.isFinite(waitMs) ? waitMs : UNKNOWN_WAIT_MS;
  };
  /** @param own as above: a repeat of the request will find as many before it */
  const withdrawBehind = (message: Message, own: number | null, now: number) =>
    outcomes.withdraw(message, hindranceOf(message, now), waitOf(message, own, now), now);
  const withdraw: End = (message, now) => withdrawBehind(message, 0, now);
  const expire: End = (message, now) => outcomes.expire(message, holdUpOf(message, now), waitOf(message, 0, now), now);

  const isVain = (message: Message, own: number | null, now: number) => {
    const patienceMs = Math.max(0, message.patienceEndsAt - now);
    const opensAt = pacer.opensAt(now);
    if (Number.isFinite(opensAt) && opensAt - now > patienceMs) return true;
    // Without a rate only a stop is in the way for longer than that.
    if (pacer.bestThroughput(now) === null && !isStopped(message.lane, message.caller)) return false;
    return outlook.prospect(message, own, now).startsAtBest - now > patienceMs * DOUBT;
  };

  const tooLate = (message: Message, end: End) => {
    if (options.isAsking()) overdue.push({ message, end });
    else giveUp(message, end);
  };

  return {
    await(message, own) {
      if (message.state !== 'queued' || options.isStarting(message)) return;
      if (isHeld() || isVain(message, own, clock.now())) {
        return giveUp(message, (vain, now) => withdrawBehind(vain, own, now));
      }
      // Whoever waits past its expiry waits in vain, and by then nobody could say any more what was in the way.
      const { patienceEndsAt, expiresAt } = message;
      const expires = expiresAt !== null && expiresAt <= patienceEndsAt;
      alarms.set(message, expires ? expiresAt : patienceEndsAt, () => tooLate(message, expires ? expire : withdraw));
    },
    forget: (message) => alarms.cancel(message),
    foresee(now) {
      const opensAt = pacer.cause() === null ? Number.POSITIVE_INFINITY : pacer.opensAt(now);
      const before = foreseen;
      foreseen = Number.isFinite(opensAt) ? opensAt : Number.NEGATIVE_INFINITY;
      if (foreseen <= before) return;
      for (const message of alarms.messages()) {
        const isInLine = message.readyAt <= now && !options.isStarting(message);
        if (isInLine && message.patienceEndsAt < opensAt) tooLate(message, withdraw);
      }
    },
    recheck() {
      for (const { message, end } of overdue.splice(0)) if (!options.isStarting(message)) giveUp(message, end);
    },
    withdraw,
    expire,
  };
}
