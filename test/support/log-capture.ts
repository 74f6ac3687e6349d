import type { LogSink } from '../../src/observability/log.ts';

export type LogLine = Readonly<Record<string, unknown>>;

/** A log sink that keeps what is written, or of that what a test asks for, and lets a test wait for a line. */
export interface LogCapture extends LogSink {
  text(): string;
  /** The lines so far, narrowed to those with these members. */
  lines(members?: LogLine): LogLine[];
  /** The first line with these members, as soon as there is one. */
  line(members: LogLine): Promise<LogLine>;
}

export function createLogCapture(keeps: (text: string) => boolean = () => true): LogCapture {
  const texts: string[] = [];
  let waiting: { readonly members: LogLine; readonly resolve: (line: LogLine) => void }[] = [];
  const fits = (line: LogLine, members: LogLine) =>
    Object.entries(members).every(([name, value]) => line[name] === value);
  const lines = (members: LogLine = {}) =>
    texts.map((text) => JSON.parse(text) as LogLine).filter((line) => fits(line, members));

  return {
    write(text) {
      if (!keeps(text)) return;
      texts.push(text);
      const line = JSON.parse(text) as LogLine;
      const ready = waiting.filter(({ members }) => fits(line, members));
      waiting = waiting.filter((waiter) => !ready.includes(waiter));
      for (const { resolve } of ready) resolve(line);
    },
    text: () => texts.join(''),
    lines,
    line(members) {
      const [first] = lines(members);
      if (first !== undefined) return Promise.resolve(first);
      return new Promise((resolve) => waiting.push({ members, resolve }));
    },
  };
}
