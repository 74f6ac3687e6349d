/** A number for each process, by its name. */
export type Parts = Readonly<Record<string, number>>;

// A part that is further off than one goes where it belongs without regard to what it was.
const NEAR = 1;
// Three quarters too much here and too little there: else what is wanted, which changes all the time, would move parts
// to and fro.
const TOLERANCE = 1.5;

/**
 * Whole numbers that add up to `total` and come near the ideal parts, but stay what they were while that is not far off.
 *
 * @param total a whole number; the ideals add up to about as much
 * @param before what each had; nothing, if it is not named
 * @param least what each gets at least, where the total allows it
 */
export function wholeParts(ideals: Parts, total: number, before: Parts, least: number): Record<string, number> {
  const parts = new Map<string, number>();
  for (const [name, ideal] of Object.entries(ideals)) {
    const near = Math.min(Math.max(before[name] ?? 0, Math.floor(ideal - NEAR)), Math.ceil(ideal + NEAR));
    parts.set(name, Math.max(least, near));
  }
  const lack = (name: string) => (ideals[name] ?? 0) - (parts.get(name) ?? 0);
  const add = (name: string, more: number) => parts.set(name, (parts.get(name) ?? 0) + more);
  const neediest = () => [...parts.keys()].reduce((one, other) => (lack(other) > lack(one) ? other : one));
  const richest = (than: number) =>
    [...parts.keys()]
      .filter((name) => (parts.get(name) ?? 0) > than)
      .reduce<string | null>((one, other) => (one === null || lack(other) < lack(one) ? other : one), null);

  if (parts.size === 0) return {};
  let sum = sumOf(parts.values());
  for (; sum < total; sum++) add(neediest(), 1);
  for (; sum > total; sum--) add(richest(least) ?? richest(0) ?? neediest(), -1);
  for (;;) {
    const [to, from] = [neediest(), richest(least)];
    if (from === null || lack(to) - lack(from) <= TOLERANCE) return Object.fromEntries(parts);
    add(to, 1);
    add(from, -1);
  }
}

/**
 * How far each may go towards its target now: down at once, up only by what others have given up, so that all together
 * never have more than the total.
 *
 * @param held what each has as yet
 */
export function handedOver(targets: Parts, held: Parts, total: number): Record<string, number> {
  let free = Math.max(0, total - sumOf(Object.values(held)));
  const entries = Object.entries(targets).map(([name, target]) => {
    const own = held[name] ?? 0;
    const gain = Math.min(Math.max(0, target - own), free);
    free -= gain;
    return [name, Math.min(target, own + gain)] as const;
  });
  return Object.fromEntries(entries);
}

const sumOf = (numbers: Iterable<number>) => [...numbers].reduce((sum, number) => sum + number, 0);
