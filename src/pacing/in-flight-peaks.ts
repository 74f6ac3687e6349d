/** How many attempts were in flight, at the most, while one of them was on its way. */
export interface InFlightPeaks {
  /** An attempt starts as number `inFlight`. Returns its place. */
  started(inFlight: number): number;
  /** The most there were when it started and since; of very many starts, the last 64 count. */
  peakSince(place: number): number;
}

const KEPT = 64;

/**
 * Calls overtake one another on their way: the one that CommBox refused as one too many may have started when there was
 * still room, just before the one that took it.
 */
export function createInFlightPeaks(): InFlightPeaks {
  const numbers: number[] = [];
  let next = 0;

  return {
    started(inFlight) {
      numbers[next % KEPT] = inFlight;
      return next++;
    },
    peakSince(place) {
      let most = 0;
      for (let at = Math.max(place, next - KEPT); at < next; at++) most = Math.max(most, numbers[at % KEPT] ?? 0);
      return most;
    },
  };
}
