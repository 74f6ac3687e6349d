/** Whether refusals come when many calls are in flight, and hardly a call is granted then. */
export interface CrowdEvidence {
  /** A call was granted that began as number `inFlight`. */
  granted(inFlight: number): void;
  /** The account was refused with so many in flight. Returns the number that seems to be too many, or null. */
  refused(inFlight: number): number | null;
  forget(): void;
}

/** So many refusals in a row; two may be chance. */
const REFUSALS = 3;
/** The share of the grants with as many in flight. A throttle that does not count them grants and refuses alike. */
const MOST_GRANTED = 0.05;
/** What is judged by: the last hundred grants or so, and not fewer than these. */
const FORGETS = 0.99;
const LEAST_GRANTS = 20;

export function createCrowdEvidence(): CrowdEvidence {
  let refusals: number[] = [];
  /** Grants by the number in flight, older ones for less. */
  const grants = new Map<number, number>();
  let all = 0;
  let weight = 1;

  return {
    granted(inFlight) {
      // Instead of making all older ones smaller, the next counts for more.
      weight /= FORGETS;
      if (weight > 1e6) rescale();
      grants.set(inFlight, (grants.get(inFlight) ?? 0) + weight);
      all += weight;
    },
    refused(inFlight) {
      refusals = [...refusals, inFlight].slice(-REFUSALS);
      const least = Math.min(...refusals);
      if (refusals.length < REFUSALS || least <= 1 || all < LEAST_GRANTS * weight) return null;
      let crowded = 0;
      for (const [number, count] of grants) if (number >= least) crowded += count;
      return crowded <= MOST_GRANTED * all ? least : null;
    },
    forget() {
      refusals = [];
    },
  };

  function rescale(): void {
    for (const [number, count] of grants) grants.set(number, count / weight);
    all /= weight;
    weight = 1;
  }
}
