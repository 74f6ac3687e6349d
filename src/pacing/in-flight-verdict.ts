/** How a refused attempt met the limit. Times are epoch milliseconds. */
export interface LimitFacts {
  readonly now: number;
  /** The most attempts in flight while the refused one was on its way, itself included. */
  readonly inFlight: number;
  /** As which one it began, or one that may have overtaken it. */
  readonly number: number;
  /** When attempts last waited for others to end. */
  readonly boundAt: number;
  /** When attempts last waited for the rate. */
  readonly pacedAt: number;
  /** The same as it was when the refused attempt began. */
  readonly pacedBefore: number;
  readonly openedAt: number;
  /** How many calls of other processes were in flight is a guess. */
  readonly isGuess?: boolean;
  /** As many calls went through within a second as the throttle, being a window, was seen to take. */
  readonly isUsedUp?: boolean;
}

/** What was seen before it was refused. Times are epoch milliseconds. */
export interface Seen {
  /** The most in flight when a call began that was granted: ever, and since the last pause. */
  readonly mostGranted: number;
  readonly mostSince: number;
  /** How many were granted since the last pause, and how long that was. */
  readonly grantsSince: number;
  readonly lastPauseMs: number;
  /** Where the refusal before left the limit, and when it was last raised from there. */
  readonly held: number;
  readonly raisedAt: number;
  /** How many refusals in a row were put on the number. */
  readonly blamed: number;
}

const RECENT_MS = 500;
const UNPACED_MS = 2_000;
// So often in a row is a refusal put on the limit without a sign that more than before were in flight.
const MOST_BLAMES = 3;
// What was granted before the last refusal counts in a window for so long.
const WINDOW_MS = 1_000;
// A refusal so soon after more than before were let go at once is put on that, whether or not the rate was in the way.
const TRIAL_MS = 3_000;
/** Fewer in flight say nothing by their number: one more or less is chance. */
export const TELLING = 3;
// After so many grants it is no chance that no call was granted with as many in flight.
const MANY_GRANTS = 20;
// A refusal so soon after an opening meets the burst that it began with.
const BURST_MS = 1_500;
const MOST_BURSTS = 2;
const MOST_USES = 4;

/** Whether a refusal seems to be about how many calls were in flight, and not about their rate. */
export function isAboutNumber(facts: LimitFacts, seen: Seen): boolean {
  const { now, inFlight, boundAt, pacedAt, openedAt } = facts;
  const isMoreThanEver = inFlight > seen.mostGranted && boundAt > pacedAt;
  const isOnTrial = inFlight > seen.held && now - seen.raisedAt < TRIAL_MS;
  const isOnlyBound = now - boundAt < RECENT_MS && now - pacedAt > Math.min(UNPACED_MS, now - openedAt);
  const { isUsedUp = false, isGuess = false } = facts;
  if (isGuess && facts.number < TELLING) return false;
  const isLikely = (isOnlyBound || isMoreThanSince(facts, seen)) && seen.blamed < MOST_BLAMES;
  // A window refuses for its own reasons, with as many in flight as happen to be.
  return isMoreThanEver || isOnTrial || (!isUsedUp && (isLikely || isBurst(facts, seen)));
}

/**
 * Calls that take long on their way seem to be more at a time than CommBox ever had, and the slow start after a pause
 * shows how many it takes. Unless the rate was in the way, or a window of a second may have been used up.
 */
function isMoreThanSince({ now, inFlight, number, boundAt, pacedAt, pacedBefore, openedAt }: LimitFacts, seen: Seen) {
  const wasUnpaced = pacedBefore < openedAt || boundAt > pacedAt;
  const isTelling = wasUnpaced || (seen.grantsSince >= MANY_GRANTS && number >= TELLING);
  return inFlight > seen.mostSince && isTelling && now - openedAt + seen.lastPauseMs >= WINDOW_MS;
}

/**
 * A burst that is refused with as many in flight as were ever granted since is larger than what is there, or too wide; if
 * it is too wide, that shows before every place was used a few times. The number is tried first: if it was not that, the
 * next refusal says so, while a rate that is too low stays for minutes.
 */
function isBurst({ now, number, openedAt }: LimitFacts, { mostSince, grantsSince, blamed }: Seen): boolean {
  const isWide = number >= TELLING && number >= mostSince;
  const isEarly = now - openedAt < BURST_MS && grantsSince >= number && grantsSince <= MOST_USES * number;
  return isWide && isEarly && blamed < MOST_BURSTS;
}
