import { type AcceptingFigures, measureAccepting } from './durable/accepting.ts';
import { measurePlain, type PlainFigures } from './durable/plain.ts';
import type { DurableTimes } from './durable/slices.ts';
import { measureStored, type StoredFigures } from './durable/stored.ts';
import type { CoreSplit } from './lib/cpu.ts';

export interface DurableOptions extends DurableTimes {
  readonly cores: CoreSplit;
  /** How many messages wait in the large store; in the small one, a thousandth of it. */
  readonly stored: number;
  /** Directory of an earlier version's checkout, to be measured beside this one; null = none. */
  readonly earlier: string | null;
}

export interface DurableFigures {
  readonly accepting: AcceptingFigures;
  /** The small store first. */
  readonly stored: readonly StoredFigures[];
  readonly plain: PlainFigures;
}

const SMALL_SHARE = 1 / 1000;

/**
 * What storing messages before they are sent costs.
 * @throws if a request fails, or something that was accepted is not stored or not sent.
 */
export async function measureDurable({ cores, stored, earlier, ...times }: DurableOptions): Promise<DurableFigures> {
  return {
    accepting: await measureAccepting(cores, times),
    stored: await measureStored(cores, [Math.ceil(stored * SMALL_SHARE), stored], times),
    plain: await measurePlain(cores, earlier, times),
  };
}
