import { startPostgres } from '../../test/support/postgres.ts';
import { runClosed } from './closed-run.ts';
import { FOUR_CALLERS, medianOf, type PacingTimes } from './compare.ts';
import { createGate, overSeeds } from './parallel.ts';
import { type ModelName, type Scenario, scenarioOf } from './scenarios.ts';
import type { RunFigures } from './trace.ts';

/** Two gateways on one PostgreSQL, nine tenths of the load on one of them, beside a single gateway. */
export interface ReplicaFigures {
  readonly scenario: Scenario;
  readonly quotaUsed: number | null;
  readonly quotaUsedByOne: number | null;
  /** 429s of a whole run. */
  readonly refusals: number;
  readonly refusalsOfOne: number;
  /** Of the worst seed. */
  readonly lost: number;
  readonly duplicated: number;
}

const MESSAGES = 1800;
const SPLIT = [0.9, 0.1];
// Each gateway has a pool of connections, and the server of the tests takes a hundred.
const MOST_PAIRS = 4;

export async function measureReplicas(
  models: readonly ModelName[],
  { seeds, parallel, progress }: PacingTimes,
): Promise<ReplicaFigures[]> {
  await using stack = new AsyncDisposableStack();
  const server = await startPostgres({ teardown: (task) => stack.defer(task) });
  const gate = createGate(parallel);
  const pairGate = createGate(Math.min(parallel, MOST_PAIRS));
  const scenarios = [true, false].flatMap((isStated) => models.map((model) => scenarioOf(model, isStated, false)));

  const runOne = async (scenario: Scenario, seed: number) => {
    const run = { scenario, sender: 'gateway', seed, callers: FOUR_CALLERS, messages: MESSAGES } as const;
    const { figures } = await runClosed(run);
    progress(`one gateway, ${scenario.title}, seed ${seed}: ${JSON.stringify(figures)}`);
    return figures;
  };
  const runPair = async (scenario: Scenario, seed: number) => {
    const run = { scenario, sender: 'gateway', seed, callers: FOUR_CALLERS, messages: MESSAGES } as const;
    const env = { DATABASE_URL: await server.freshDatabase() };
    const { figures } = await runClosed({ ...run, split: SPLIT, env });
    progress(`two replicas, ${scenario.title}, seed ${seed}: ${JSON.stringify(figures)}`);
    return figures;
  };

  // Without `await` the server would be stopped before the first run.
  return await Promise.all(
    scenarios.map(async (scenario) => {
      const of = (runs: readonly RunFigures[], figure: (run: RunFigures) => number | null) => runs.map(figure);
      const [pairs, ones] = await Promise.all([
        overSeeds(pairGate, seeds, (seed) => runPair(scenario, seed)),
        overSeeds(gate, seeds, (seed) => runOne(scenario, seed)),
      ]);
      return {
        scenario,
        quotaUsed: medianOf(of(pairs, ({ quotaUsed }) => quotaUsed)),
        quotaUsedByOne: medianOf(of(ones, ({ quotaUsed }) => quotaUsed)),
        refusals: medianOf(of(pairs, ({ refusals }) => refusals)) ?? 0,
        refusalsOfOne: medianOf(of(ones, ({ refusals }) => refusals)) ?? 0,
        lost: Math.max(...pairs.map(({ lost }) => lost)),
        duplicated: Math.max(...pairs.map(({ duplicated }) => duplicated)),
      };
    }),
  );
}
