/** How many attempts were in flight, at the most, while one of them was on its way. Times are milliseconds. */
export interface InFlightPeaks {
  /** An attempt starts as number `inFlight`. Returns its place. */
  started(inFlight: number, now: number): number;
  /** The most there were when it started and since; of very many starts, the last 64 count. */
  peakSince(place: number): number;
  /** The same, but of those that may have overtaken it on its way there, of which it took `tookMs` there and back. */
  peakAround(place: number, tookMs: number): number;
}

const KEPT = 64;
const WAY_THERE = 0.5;
// More is the time that CommBox took to answer.
const LONGEST_WAY_MS = 100;

/**
 * Calls overtake one another on their way: the one that CommBox refused as one too many may have started when there was
 * still room, just before the one that took it.
 */
export function createInFlightPeaks(): InFlightPeaks {
  const numbers: number[] = [];
  const times: number[] = [];
  let next = 0;

  const peak = (place: number, until: number) => {
    let most = 0;
    for (let at = Math.max(place, next - KEPT); at < next; at++) {
      if ((times[at % KEPT] ?? 0) <= until) most = Math.max(most, numbers[at % KEPT] ?? 0);
    }
    return most;
  };

  return {
    started(inFlight, now) {
      numbers[next % KEPT] = inFlight;
      times[next % KEPT] = now;
      return next++;
    },
    peakSince: (place) => peak(place, Number.POSITIVE_INFINITY),
    peakAround(place, tookMs) {
      if (next - place > KEPT) return 0;
      return peak(place, (times[place % KEPT] ?? 0) + Math.min(LONGEST_WAY_MS, WAY_THERE * tookMs));
    },
  };
}
