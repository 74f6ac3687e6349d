/** Whether a throttle holds it against nobody that calls are made while it refuses: some last longer for each of them. */
export interface Leniency {
  /** It was seen to; false as long as nobody knows. */
  readonly isProven: boolean;
  /** A call was refused; `isFirst` = the account was open. */
  refused(isFirst: boolean): void;
  /** The account is open again. `wasTrusted`: the pauses were as short as one that is lenient allows. */
  reopened(closedMs: number, wasTrusted: boolean): void;
  /** Whatever was refused so far belongs to a pause that another process saw begin, or end. */
  restart(): void;
}

// Fewer refusals say little: the throttle may have lasted as long anyway.
const TELLING = 3;
// If each had made it last half a second longer, the account could not have opened so soon.
const EACH_MS = 400;

export function createLeniency(): Leniency {
  let isProven = false;
  let refusals = 0;

  return {
    get isProven() {
      return isProven;
    },
    refused(isFirst) {
      refusals = isFirst ? 1 : refusals + 1;
    },
    reopened(closedMs, wasTrusted) {
      const seen = refusals;
      refusals = 0;
      if (seen < TELLING) return;
      if (closedMs < EACH_MS * seen) isProven = true;
      else if (wasTrusted) isProven = false;
    },
    restart() {
      refusals = 0;
    },
  };
}
