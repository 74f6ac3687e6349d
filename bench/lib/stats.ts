/** The middle of the values; between two middle ones, their mean. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  if (sorted.length % 2 === 1) return sorted[Math.floor(middle)] ?? Number.NaN;
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * How one series compares with another that was measured in the same rounds: the spread of the rounds' own ratios. What
 * slows the machine for a while slows both slices of a round, and so falls out.
 * @throws {RangeError} if the series have different lengths.
 */
export function pairedRatio(series: readonly number[], base: readonly number[]): Spread {
  if (series.length !== base.length) throw new RangeError('paired series must be of one length');
  return spreadOf(series.map((value, round) => value / (base[round] ?? Number.NaN)));
}

/** The items in an order that starts one further on in every round, so that each follows each other's neighbour. */
export function rotated<Item>(items: readonly Item[], round: number): readonly Item[] {
  const start = items.length === 0 ? 0 : round % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
