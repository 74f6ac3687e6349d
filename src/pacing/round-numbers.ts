/** Seconds that people limit by. */
const ROUND_SECONDS = [1, 2, 5, 10, 15, 20, 30, 60];

/** The shortest time that people limit by and that is no shorter than this, in seconds; null beyond a minute. */
export function roundSeconds(seconds: number): number | null {
  return ROUND_SECONDS.find((round) => round >= seconds) ?? null;
}

/** The shortest time that people limit by within these, in seconds, or null. */
export function roundSecondsWithin(least: number, most: number): number | null {
  const round = roundSeconds(least);
  return round !== null && round <= most ? round : null;
}

/** The next number of two digits below: limits are round numbers, and the refused one is above the limit. */
export function belowRound(value: number): number {
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
  return Math.max(unit, Math.floor((value * 0.998) / unit) * unit);
}
