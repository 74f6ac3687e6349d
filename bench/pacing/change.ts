import { setTimeout as delay } from 'node:timers/promises';
import { IN_FLIGHT } from './closed-run.ts';
import { FOUR_CALLERS, medianOf, type PacingTimes } from './compare.ts';
import { keyOf } from './gateway-config.ts';
import { createGate, overSeeds } from './parallel.ts';
import { openRig } from './rig.ts';
import { type ModelName, QUOTA, type Scenario, scenarioOf, throttleOf } from './scenarios.ts';

/** How the gateway follows a quota that changes in mid-run. */
export interface ChangeFigures {
  readonly scenario: Scenario;
  readonly rate: number;
  /** From the change to the end of the first 5 s whose mean is right, in seconds; null = never. One for each seed. */
  readonly followedSeconds: readonly (number | null)[];
  readonly median: number | null;
  /** Of all such stretches from then on, the share that is right. */
  readonly steady: number | null;
}

const CHANGE_MS = 45_000;
const AFTER_MS = 60_000;
const MEAN_MS = 5_000;
const STEP_MS = 250;
const LEAST = 0.9;
const MOST = 1.05;
/** More than can be sent. */
const PLENTY = 100_000;

export function measureChange(
  models: readonly ModelName[],
  { seeds, parallel, progress }: PacingTimes,
): Promise<ChangeFigures[]> {
  const gate = createGate(parallel);
  const changes = [QUOTA / 2, QUOTA * 2].flatMap((rate) =>
    [true, false].flatMap((isStated) =>
      models.map((model) => ({ rate, scenario: scenarioOf(model, isStated, false) })),
    ),
  );
  return Promise.all(
    changes.map(async ({ rate, scenario }) => {
      const runs = await overSeeds(gate, seeds, async (seed) => {
        const run = await runOnce(scenario, rate, seed);
        progress(`to ${rate}/s, ${scenario.title}, seed ${seed}: ${JSON.stringify(run)}`);
        return run;
      });
      const followedSeconds = runs.map((run) => run.followedSeconds);
      // A run that never follows counts as the longest.
      const median = medianOf(followedSeconds.map((seconds) => seconds ?? Number.POSITIVE_INFINITY));
      const steady = medianOf(runs.map((run) => run.steady));
      return { scenario, rate, followedSeconds, median: Number.isFinite(median) ? median : null, steady };
    }),
  );
}

async function runOnce(scenario: Scenario, rate: number, seed: number) {
  await using rig = await openRig();
  const commbox = await rig.startCommbox(scenario, seed);
  const port = await rig.startGateway(commbox, FOUR_CALLERS);
  const lines = FOUR_CALLERS.map(({ name }) => {
    return { caller: name, port, key: keyOf(name), messages: PLENTY, inFlight: IN_FLIGHT };
  });
  const withinMs = CHANGE_MS + AFTER_MS;
  const load = rig.load({ kind: 'closed', sender: 'gateway', lines, seed, withinMs });
  await delay(CHANGE_MS);
  const { model, isStated, penaltyMs } = scenario;
  await commbox.control({ throttles: [throttleOf(model, rate, isStated, penaltyMs)] });
  const changedAt = Date.now();
  await load;
  const { calls } = await commbox.log();
  const grants = calls.flatMap(([at, , isGranted]) => (isGranted && at >= changedAt ? [at - changedAt] : []));
  return followed(grants, rate);
}

/** @param grants in milliseconds from the change */
function followed(grants: readonly number[], rate: number): { followedSeconds: number | null; steady: number | null } {
  const verdicts: boolean[] = [];
  let firstAt: number | null = null;
  for (let end = MEAN_MS; end <= AFTER_MS - STEP_MS; end += STEP_MS) {
    const within = grants.filter((at) => at >= end - MEAN_MS && at < end).length;
    const ratio = (within * 1000) / MEAN_MS / rate;
    const isRight = ratio >= LEAST && ratio <= MOST;
    if (isRight) firstAt ??= end;
    if (firstAt !== null) verdicts.push(isRight);
  }
  if (firstAt === null) return { followedSeconds: null, steady: null };
  return { followedSeconds: firstAt / 1000, steady: verdicts.filter(Boolean).length / verdicts.length };
}
