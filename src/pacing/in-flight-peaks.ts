/** How many attempts were in flight, at the most, while one of them was on its way. Times are milliseconds. */
export interface InFlightPeaks {
  /** An attempt starts as number `inFlight`. Returns its place. */
  started(inFlight: number, now: number): number;
  /** The most there were when it started and since; of very many starts, the last 64 count. */
  peakSince(place: number): number;
  /** The same, but of those that may have overtaken it on their way: that started just after it. */
  peakAround(place: number): number;
}

const KEPT = 64;
const OVERTAKES_MS = 10;

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
    peakAround: (place) => (next - place > KEPT ? 0 : peak(place, (times[place % KEPT] ?? 0) + OVERTAKES_MS)),
  };
}
