import { Counter, type Registry } from 'prom-client';
import { createSeries, type Definition, type Labels, type Series } from './series.ts';

/** One series of a counter. */
export interface Cell {
  count: number;
}

/** A counter. A series begins at 0 when it is first asked for. */
export function createCounts<const L extends readonly string[]>(
  { name, help, labelNames }: Definition<L>,
  registry: Registry,
): Series<L, Cell> {
  const cells = new Map<Labels, Cell>();
  new Counter({
    name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      for (const [labels, { count }] of cells) this.inc(labels, count);
    },
  });
  return createSeries(labelNames, (labels) => {
    const cell: Cell = { count: 0 };
    cells.set(labels, cell);
    return cell;
  });
}
