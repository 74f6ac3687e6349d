import { median } from '../lib/stats.ts';
import { type ClosedRun, type ClosedRunResult, runClosed } from './closed-run.ts';
import { createGate, overSeeds } from './parallel.ts';
import { allScenarios, type ModelName, type Scenario } from './scenarios.ts';
import type { SenderName } from './senders.ts';

export interface PacingTimes {
  /** Seeds 1 to so many. */
  readonly seeds: number;
  /** Runs at the same time. */
  readonly parallel: number;
  readonly progress: (line: string) => void;
}

/** One sender under one throttle, over all seeds. */
export interface Comparison {
  readonly scenario: Scenario;
  readonly sender: SenderName;
  readonly runs: readonly ComparedRun[];
}

export type ComparedRun = Pick<ClosedRunResult, 'figures' | 'perSecond' | 'stalledMs'>;

const MESSAGES = 1800;
/** About the time between two calls: whoever stands still for longer has missed one. */
const STALL_TOLERATED_MS = 60;
const MOST_TRIES = 3;
export const FOUR_CALLERS = ['a', 'b', 'c', 'd'].map((name) => ({ name }));

/** Every sender under every throttle. Nothing is shared between runs but the machine. */
export async function measureComparison(
  models: readonly ModelName[],
  senders: readonly SenderName[],
  { seeds, parallel, progress }: PacingTimes,
): Promise<Comparison[]> {
  const gate = createGate(parallel);
  const pairs = allScenarios(models).flatMap((scenario) => senders.map((sender) => ({ scenario, sender })));
  return Promise.all(
    pairs.map(async ({ scenario, sender }) => {
      const runs = await overSeeds(gate, seeds, async (seed) => {
        const run = { scenario, sender, seed, callers: FOUR_CALLERS, messages: MESSAGES };
        const seen = await quietRun(run);
        const stalled = `stalled for ${Math.round(seen.stalledMs)} ms`;
        progress(`${scenario.title}, ${sender}, seed ${seed}: ${JSON.stringify(seen.figures)}, ${stalled}`);
        return seen;
      });
      return { scenario, sender, runs };
    }),
  );
}

/** A run that the machine disturbed is repeated; the least disturbed one counts, whatever it shows. */
async function quietRun(run: ClosedRun): Promise<ComparedRun> {
  const tries: ComparedRun[] = [];
  for (let left = MOST_TRIES; left > 0; left--) {
    const { figures, perSecond, stalledMs } = await runClosed(run);
    tries.push({ figures, perSecond, stalledMs });
    if (stalledMs <= STALL_TOLERATED_MS) break;
  }
  return tries.reduce((best, one) => (one.stalledMs < best.stalledMs ? one : best));
}

/** The median over those runs that have the figure; null if none has. */
export function medianOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : median(known);
}
