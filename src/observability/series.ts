// prom-client joins all labels, and turns bucket bounds into texts, for every single observation: more than everything
// else that the gateway counts with. Here a series is found once, adding to it is plain arithmetic, and prom-client gets
// the sums when it is scraped.

export interface Definition<L extends readonly string[]> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: L;
}

/** Gives what belongs to these label values, in the order of the definition, the same thing every time. */
export type Series<L extends readonly string[], T> = (...values: { [K in keyof L]: string }) => T;

export type Labels = Record<string, string>;

/** A tree, level by level: joining the values to one key would cost more than what is done with it. */
interface Branch<T> {
  leaf: T | null;
  readonly next: Map<string, Branch<T>>;
}

/** Gives a series for each set of label values: `make` is asked for it once. */
export function createSeries<L extends readonly string[], T>(labelNames: L, make: (labels: Labels) => T): Series<L, T> {
  const root: Branch<T> = { leaf: null, next: new Map() };
  return (...values) => {
    let branch = root;
    for (const value of values) {
      let next = branch.next.get(value);
      if (next === undefined) {
        next = { leaf: null, next: new Map() };
        branch.next.set(value, next);
      }
      branch = next;
    }
    branch.leaf ??= make(Object.fromEntries(labelNames.map((label, i) => [label, values[i] ?? ''])));
    return branch.leaf;
  };
}
