import { runClosed } from './closed-run.ts';
import { medianOf, type PacingTimes } from './compare.ts';
import { createGate, overSeeds } from './parallel.ts';
import { type Scenario, scenarioOf } from './scenarios.ts';
import { sharesOf } from './trace.ts';

/** Shares of callers with the weights 1, 2 and 4, when half of all messages were granted. */
export interface WeightedFigures {
  readonly scenario: Scenario;
  readonly shares: readonly { readonly weight: number; readonly wanted: number; readonly got: number }[];
  /** Largest deviation of a share from what its weight asks for, relative; of the worst seed. */
  readonly worst: number;
}

const MESSAGES = 1800;
const callers = [1, 2, 4].map((weight) => ({ name: `w${weight}`, weight }));
const TOTAL_WEIGHT = 7;

export function measureWeighted({ seeds, parallel, progress }: PacingTimes): Promise<WeightedFigures[]> {
  const gate = createGate(parallel);
  const scenarios = [scenarioOf('tokenBucket', true, false), scenarioOf('slidingWindow', false, false)];
  return Promise.all(
    scenarios.map(async (scenario) => {
      const runs = await overSeeds(gate, seeds, async (seed) => {
        const run = { scenario, sender: 'gateway', seed, callers, messages: MESSAGES } as const;
        const { calls } = await runClosed(run);
        const half = MESSAGES / 2;
        const counts = sharesOf(
          calls.filter(({ isGranted }) => isGranted),
          half,
        );
        const got = callers.map(({ name }) => (counts[name] ?? 0) / half);
        progress(`weights, ${scenario.title}, seed ${seed}: ${got.map((share) => share.toFixed(3)).join(' ')}`);
        return got;
      });
      const wantedOf = (weight: number) => weight / TOTAL_WEIGHT;
      const deviations = runs.flatMap((got) =>
        callers.map(({ weight }, index) => Math.abs((got[index] ?? 0) / wantedOf(weight) - 1)),
      );
      const shares = callers.map(({ weight }, index) => {
        return { weight, wanted: wantedOf(weight), got: medianOf(runs.map((got) => got[index] ?? 0)) ?? 0 };
      });
      return { scenario, shares, worst: Math.max(...deviations) };
    }),
  );
}
