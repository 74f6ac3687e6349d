import type { Lane } from '../channels/channel.ts';

/**
 * What the pacing of an account does: `free`: nothing is held back; `paced`: a rate is kept; `throttled`: held after a
 * 429, or probing after one; `exhausted`: so many probes met a 429 that the quota is used up; `unreachable`: held after a
 * failure to connect; `credentials`: CommBox refuses every key; `stopped`: an operator stopped the whole account.
 */
export const pacingStates = [
  'free',
  'paced',
  'throttled',
  'exhausted',
  'unreachable',
  'credentials',
  'stopped',
] as const;
export type PacingState = (typeof pacingStates)[number];

/** One CommBox account at this moment, as this process sees it. */
export interface AccountReading {
  readonly name: string;
  readonly pacing: PacingState;
  /** Messages per second that this process holds itself to (with several replicas: its share); null = no limit. */
  readonly rate: number | null;
  /** Attempts under way. */
  readonly inFlight: number;
  /** Most attempts that may be under way in this process. */
  readonly concurrency: number;
  /** Plain messages whose callers wait; several entries for a lane are added up. */
  readonly waiting: readonly { readonly lane: Lane; readonly messages: number }[];
  /** Operators' stops in force, of all of it or of a part. */
  readonly stops: number;
  /** When its keys end, in epoch milliseconds; null for a key that does not say. `next` is absent without a second key. */
  readonly keysExpireAt: { readonly current: number | null; readonly next?: number | null };
}

/** Stored messages of one account and lane that wait; several entries for the same two are added up. */
export interface BacklogReading {
  readonly account: string;
  readonly lane: Lane;
  readonly messages: number;
  /** Since when the message that waits longest has been due (epoch milliseconds); null if none is due yet. */
  readonly oldestDueAt: number | null;
}

/** Where the values of a scrape come from. A member that throws, rejects or is slow costs its own values alone. */
export interface MetricsSource {
  accounts(): readonly AccountReading[];
  backlog(): Promise<readonly BacklogReading[]>;
  /** Messages that are `unknown` now. */
  unknownMessages(): Promise<number>;
  spoolBytes(): number;
}
