import type { Lane } from '../channels/channel.ts';

/** Messages of one account that go in order of acceptance: those of one caller in one lane. */
export interface Flow {
  readonly account: string;
  readonly lane: Lane;
  readonly caller: string;
}

/**
 * What waits in a flow for nobody in particular: every queued `async` message, whether it is ready or not. A `sync` one is
 * counted by the process that holds it.
 */
export interface FlowBacklog extends Flow {
  readonly queued: number;
  /**
   * How many of them may go by now. Of those whose time has come since the flow was last taken from, the embedded store
   * counts the first 50,000 only.
   */
  readonly due: number;
  /** The earliest `readyAt` among them: since when one has been due, or when the first will be. */
  readonly firstDueAt: number;
}

/** An operator's stop: of an account, of one lane, of one caller, or of one caller in one lane of it. */
export interface Pause {
  readonly account: string;
  readonly lane: Lane | null;
  readonly caller: string | null;
  readonly since: number;
}

/** What a process tells the others about an account's pace, and what it learns. Both texts are opaque to the store. */
export interface PacingExchange {
  readonly account: string;
  readonly now: number;
  /** What this process reports of itself; takes the place of its last report. */
  readonly report: string;
  /** Reports older than this are not given out. */
  readonly reportsLastMs: number;
  /** A new state for all, written only if `version` is still the stored one (0 = none is stored yet). */
  readonly publish: { readonly state: string; readonly version: number } | null;
  /** The other processes are told to look at once, by `onChange`. They are told of a publication anyway. */
  readonly isUrgent: boolean;
}

export interface PacingView {
  /** This process's name among the reports. */
  readonly self: string;
  /** The latest report of every process that reported lately, this one's included, by name. */
  readonly reports: ReadonlyMap<string, string>;
  /** What was published last, by this call included; null and 0 if nothing ever was. Outlives every process. */
  readonly state: string | null;
  readonly version: number;
}
