import { Histogram, type Registry } from 'prom-client';
import { createSeries, type Definition, type Labels, type Series } from './series.ts';

/** One series of a histogram. */
export interface Observer {
  /** In the unit of the metric. */
  observe(value: number): void;
}

/** A histogram; `buckets` are upper bounds, ascending. */
export function createTimings<const L extends readonly string[]>(
  { name, help, labelNames, buckets }: Definition<L> & { readonly buckets: readonly number[] },
  registry: Registry,
): Series<L, Observer> {
  const children = new Map<Labels, Distribution>();
  new CollectedHistogram({ name, help, labelNames, buckets: [...buckets], registers: [registry] }, () =>
    [...children].flatMap(([labels, child]) => child.samples(name, labels)),
  );
  return createSeries(labelNames, (labels) => {
    const child = createDistribution(buckets);
    children.set(labels, child);
    return child;
  });
}

/** As prom-client keeps the samples of a histogram. */
interface Sample {
  readonly metricName: string;
  readonly labels: { readonly le?: number | string };
  readonly sharedLabels: Labels;
  readonly value: number;
}

interface Distribution extends Observer {
  samples(name: string, labels: Labels): Sample[];
}

function createDistribution(bounds: readonly number[]): Distribution {
  const counts = bounds.map(() => 0);
  let sum = 0;
  let count = 0;
  return {
    observe(value) {
      sum += value;
      count++;
      for (let i = 0; i < bounds.length; i++) {
        if (value > (bounds[i] as number)) continue;
        counts[i] = (counts[i] as number) + 1;
        break;
      }
    },
    samples(name, sharedLabels) {
      const sample = (suffix: string, value: number, labels = {}) => ({
        metricName: `${name}_${suffix}`,
        labels,
        sharedLabels,
        value,
      });
      let below = 0;
      const buckets = bounds.map((le, i) => {
        below += counts[i] as number;
        return sample('bucket', below, { le });
      });
      return [...buckets, sample('bucket', count, { le: '+Inf' }), sample('sum', sum), sample('count', count)];
    },
  };
}

/** A histogram whose samples are kept elsewhere. */
class CollectedHistogram extends Histogram {
  readonly #collected: () => { name: string; help: string; type: 'histogram'; values: Sample[] };

  constructor(options: ConstructorParameters<typeof Histogram>[0] & object, samples: () => Sample[]) {
    super(options);
    const { name, help } = options;
    this.#collected = () => ({ name, help, type: 'histogram', values: samples() });
  }

  /** Where prom-client takes the samples of a histogram from, for its registry and for `get`. */
  async getForPromString() {
    return this.#collected();
  }
}
