import { createRandom } from '../../src/simulator/random.ts';
import type { CommboxLog } from './commbox.ts';
import { FOUR_CALLERS, medianOf, type PacingTimes } from './compare.ts';
import { keyOf } from './gateway-config.ts';
import type { Accepted, Arrival } from './load-stored.ts';
import { createGate, overSeeds } from './parallel.ts';
import { openRig } from './rig.ts';
import { type Scenario, scenarioOf } from './scenarios.ts';

/** How well `estimatedStart` foretells the start of a message that waits longer than 5 s. */
export interface EstimateFigures {
  readonly scenario: Scenario;
  readonly load: string;
  readonly messages: number;
  /** Of the estimate's distance from the start, in shares of the wait. */
  readonly median: number;
  /** The same for what was accepted 15 s after the first message, or later: the rate is learned by then. */
  readonly medianSettled: number;
}

const MESSAGES = 1800;
const ARRIVAL_MS = 60_000;
const SETTLED_MS = 15_000;
const LONG_WAIT_MS = 5_000;
const DELIVERED_WITHIN_MS = 120_000;

const loads: Record<string, (random: () => number) => string> = {
  'one lane': () => 'normal',
  '5 % critical, 15 % normal, 80 % bulk': (random) => {
    const draw = random();
    return draw < 0.05 ? 'critical' : draw < 0.2 ? 'normal' : 'bulk';
  },
};

export function measureEstimates({ seeds, parallel, progress }: PacingTimes): Promise<EstimateFigures[]> {
  const gate = createGate(parallel);
  const scenarios = [scenarioOf('tokenBucket', true, false), scenarioOf('slidingWindow', false, false)];
  const pairs = scenarios.flatMap((scenario) => Object.keys(loads).map((load) => ({ scenario, load })));
  return Promise.all(
    pairs.map(async ({ scenario, load }) => {
      const runs = await overSeeds(gate, seeds, async (seed) => {
        const errors = await runOnce(scenario, load, seed);
        progress(`estimates, ${scenario.title}, ${load}, seed ${seed}: ${errors.length} waits over 5 s`);
        return errors;
      });
      const errors = runs.flat();
      const settled = errors.filter(({ acceptedMs }) => acceptedMs >= SETTLED_MS);
      return {
        scenario,
        load,
        messages: errors.length,
        median: medianOf(errors.map(({ error }) => error)) ?? Number.NaN,
        medianSettled: medianOf(settled.map(({ error }) => error)) ?? Number.NaN,
      };
    }),
  );
}

/** Four callers have messages stored, half as many again as CommBox takes meanwhile. */
async function runOnce(scenario: Scenario, load: string, seed: number) {
  await using rig = await openRig();
  const commbox = await rig.startCommbox(scenario, seed);
  const callers = FOUR_CALLERS.map(({ name }) => ({ name, lane: 'critical' as const }));
  const port = await rig.startGateway(commbox, callers);
  const random = createRandom(seed);
  const arrivals = Array.from({ length: MESSAGES }, (_, index): Arrival => {
    const caller = FOUR_CALLERS[Math.floor(random() * FOUR_CALLERS.length)]?.name ?? '';
    const lane = loads[load]?.(random) ?? '';
    return { afterMs: random() * ARRIVAL_MS, key: keyOf(caller), text: `${caller}-${index}`, lane };
  });
  const accepted = (await rig.load({ kind: 'arrivals', port, arrivals })) as readonly Accepted[];
  await commbox.granted(MESSAGES, DELIVERED_WITHIN_MS);
  return errorsOf(accepted, await commbox.log());
}

function errorsOf(accepted: readonly Accepted[], { calls }: CommboxLog) {
  const starts = new Map<string, number>();
  for (const [at, text] of calls) if (!starts.has(text)) starts.set(text, at);
  const from = Math.min(...accepted.map(({ acceptedAt }) => acceptedAt));
  return accepted.flatMap(({ text, acceptedAt, estimatedStart }) => {
    const waitedMs = (starts.get(text) ?? Number.NaN) - acceptedAt;
    if (!(waitedMs > LONG_WAIT_MS)) return [];
    return [{ acceptedMs: acceptedAt - from, error: Math.abs(estimatedStart - acceptedAt - waitedMs) / waitedMs }];
  });
}
