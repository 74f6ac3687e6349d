/** One line of an exposition: a series and its value. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A scrape, as Prometheus reads it. */
export interface Exposition {
  readonly samples: readonly Sample[];
  /** By the name of the metric. */
  readonly types: ReadonlyMap<string, string>;
  /** The value of the one series with this name and (at least) these labels; undefined if there is none. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;

/**
 * Reads the text format, version 0.0.4.
 *
 * @throws Error for a line that is none of it, and for a series that is told twice.
 */
export function parseExposition(text: string): Exposition {
  const samples: Sample[] = [];
  const types = new Map<string, string>();
  const seen = new Set<string>();
  for (const line of text.split('\n')) {
    const [, typed, type] = /^# TYPE (\S+) (\w+)$/.exec(line) ?? [];
    if (typed !== undefined && type !== undefined) types.set(typed, type);
    if (line === '' || line.startsWith('#')) continue;
    const [, name, labelText = '', value = ''] = LINE.exec(line) ?? [];
    if (name === undefined) throw new Error(`not a sample: ${line}`);
    const series = line.slice(0, line.lastIndexOf(' '));
    if (seen.has(series)) throw new Error(`told twice: ${series}`);
    seen.add(series);
    const labels = [...labelText.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)];
    samples.push({
      name,
      labels: Object.fromEntries(labels.map(([, label = '', text = '']) => [label, text])),
      value: Number(value.replace('Inf', 'Infinity')),
    });
  }
  return {
    samples,
    types,
    value(name, wanted = {}) {
      const fitting = samples.filter(
        (sample) =>
          sample.name === name && Object.entries(wanted).every(([label, text]) => sample.labels[label] === text),
      );
      if (fitting.length > 1) throw new Error(`${name} has ${fitting.length} series with ${JSON.stringify(wanted)}`);
      return fitting[0]?.value;
    },
  };
}
