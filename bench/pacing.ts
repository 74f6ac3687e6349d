import { measureChange } from './pacing/change.ts';
import { measureComparison, type PacingTimes } from './pacing/compare.ts';
import { measureCost } from './pacing/cost.ts';
import { measureCritical } from './pacing/critical.ts';
import { measureEstimates } from './pacing/estimate.ts';
import { writePictures } from './pacing/pictures.ts';
import { measureReplicas } from './pacing/replicas.ts';
import { reportComparison } from './pacing/report-compare.ts';
import {
  reportChange,
  reportCost,
  reportCritical,
  reportEstimates,
  reportReplicas,
  reportWeighted,
} from './pacing/report-parts.ts';
import { type ModelName, modelNames } from './pacing/scenarios.ts';
import { type SenderName, senderNames } from './pacing/senders.ts';
import { measureWeighted } from './pacing/weighted.ts';

export const pacingParts = ['compare', 'weighted', 'critical', 'change', 'replicas', 'estimate', 'cost'] as const;
export type PacingPart = (typeof pacingParts)[number];

export interface PacingOptions extends PacingTimes {
  readonly parts: readonly PacingPart[];
  /** Of `compare`, `change` and `replicas`. */
  readonly models: readonly ModelName[];
  /** Of `compare`. */
  readonly senders: readonly SenderName[];
  /** Where the drawings of `compare` go; null = nowhere. */
  readonly pictures: string | null;
}

/** What the command line says, as names. @throws RangeError for a name that there is not */
export function pacingChoice(values: { part?: string; model?: string; contender?: string }) {
  return {
    parts: chosen('--part', values.part, pacingParts),
    models: chosen('--model', values.model, modelNames),
    senders: chosen('--contender', values.contender, senderNames),
  };
}

function chosen<Name extends string>(option: string, text: string | undefined, names: readonly Name[]): Name[] {
  if (text === undefined) return [...names];
  return text.split(',').map((wanted) => {
    const name = names.find((each) => each === wanted);
    if (name === undefined) throw new RangeError(`${option} must be one or more of ${names.join(', ')}`);
    return name;
  });
}

/**
 * How well the gateway paces what it sends to a CommBox that throttles, part by part. Resolves with the figures of each
 * part and with a report of them all.
 * @throws if a process fails, or something that was accepted is not sent.
 */
export async function measurePacing(options: PacingOptions): Promise<{ figures: object; report: string }> {
  const { models, senders, pictures, ...times } = options;
  const figures: Record<string, object> = {};
  const reports: string[] = [];
  const add = <Figures extends object>(part: PacingPart, seen: Figures, report: (seen: Figures) => string) => {
    figures[part] = seen;
    reports.push(report(seen));
  };
  for (const part of options.parts) {
    switch (part) {
      case 'compare': {
        const seen = await measureComparison(models, senders, times);
        add(part, seen, reportComparison);
        if (pictures !== null) reports.push(`drawn: ${(await writePictures(pictures, seen)).join(', ')}`);
        break;
      }
      case 'weighted':
        add(part, await measureWeighted(times), reportWeighted);
        break;
      case 'critical':
        add(part, await measureCritical(times), reportCritical);
        break;
      case 'change':
        add(part, await measureChange(models, times), reportChange);
        break;
      case 'replicas':
        add(part, await measureReplicas(models, times), reportReplicas);
        break;
      case 'estimate':
        add(part, await measureEstimates(times), reportEstimates);
        break;
      case 'cost':
        add(part, await measureCost(), reportCost);
        break;
    }
  }
  return { figures, report: reports.join('\n\n') };
}
