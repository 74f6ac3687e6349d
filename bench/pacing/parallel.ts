/** Lets so many tasks at a time through, in order of their coming. */
export type Gate = <Result>(task: () => Promise<Result>) => Promise<Result>;

/** Runs a measurement once for every seed from 1 on, each as soon as the gate lets it through. */
export function overSeeds<Result>(
  gate: Gate,
  seeds: number,
  run: (seed: number) => Promise<Result>,
): Promise<Result[]> {
  return Promise.all(Array.from({ length: seeds }, (_, index) => gate(() => run(index + 1))));
}

export function createGate(places: number): Gate {
  const waiting: (() => void)[] = [];
  let free = places;
  return async (task) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}
