import type { Report } from './pacing-report.ts';
import type { Tidings } from './role.ts';

/** What the reports of the other processes say that is new. */
export interface Hearsay {
  /** Takes the reports into account, each once. What came of a process before its first report is not news. */
  news(reports: ReadonlyMap<string, Report>, self: string): readonly Tidings[];
}

export function createHearsay(): Hearsay {
  /** The last report of each process that was taken into account. */
  const heard = new Map<string, Report>();

  return {
    news(reports, self) {
      const all: Tidings[] = [];
      for (const [name, report] of reports) {
        const known = heard.get(name);
        heard.set(name, report);
        // What a process met before it was heard of first belongs to a past that is learned already.
        if (name === self || known === undefined) continue;
        all.push({
          granted: Math.max(0, report.granted - known.granted),
          bound: Math.max(0, (report.bound ?? 0) - (known.bound ?? 0)),
          isPaced: report.isPaced,
          refusal: report.refusals > known.refusals ? report.refusal : null,
          reopened: report.reopenings > known.reopenings ? report.reopened : null,
        });
      }
      for (const name of heard.keys()) if (!reports.has(name)) heard.delete(name);
      return all;
    },
  };
}
