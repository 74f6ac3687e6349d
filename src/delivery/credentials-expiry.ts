/** From how many days before its end on a key is worth a warning. */
const WARNING_DAYS = 30;

const DAY_MS = 86_400_000;

/** When an account's last key ends, of those that name an end: one that lasts longer makes the others' harmless. */
export function latestEnd(ends: readonly (number | null)[]): number | null {
  const known = ends.filter((end) => end !== null);
  return known.length === 0 ? null : Math.max(...known);
}

/**
 * What to tell an operator about the end of an account's last key (epoch milliseconds; null = not known), in words that hold
 * nothing of the key. Null while there is nothing to tell.
 */
export function expiryWarning(account: string, endsAt: number | null, now: number): string | null {
  if (endsAt === null || endsAt - now > WARNING_DAYS * DAY_MS) return null;
  if (endsAt <= now) return `the key of account ${account} has ended by its own date`;
  const days = Math.floor((endsAt - now) / DAY_MS);
  const left = days === 0 ? 'in less than a day' : days === 1 ? 'in 1 day' : `in ${days} days`;
  return `the key of account ${account} ends ${left}`;
}
