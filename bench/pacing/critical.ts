import { setTimeout as delay } from 'node:timers/promises';
import { createRandom } from '../../src/simulator/random.ts';
import type { CommboxLog } from './commbox.ts';
import type { PacingTimes } from './compare.ts';
import { keyOf } from './gateway-config.ts';
import type { Accepted, Arrival } from './load-stored.ts';
import { createGate, overSeeds } from './parallel.ts';
import { openRig } from './rig.ts';
import { type Scenario, scenarioOf } from './scenarios.ts';

/** How soon `critical` messages leave that come while a campaign is under way. Percentiles are of all seeds together. */
export interface CriticalFigures {
  readonly scenario: Scenario;
  readonly messages: number;
  /** Messages that CommBox took between the 202 and the message itself. */
  readonly slotsP50: number;
  readonly slotsP99: number;
  readonly slotsMost: number;
  /** The same from the request on, which is some milliseconds more. */
  readonly slotsFromRequestP99: number;
  /** From the request to CommBox. */
  readonly msP50: number;
  readonly msP99: number;
}

const BACKLOG = 10_000;
const CRITICAL = 200;
/** From the acceptance of the backlog on. */
const FROM_MS = 3_000;
const UNTIL_MS = 90_000;
const LAST_ONES_MS = 3_000;

export function measureCritical({ seeds, parallel, progress }: PacingTimes): Promise<CriticalFigures[]> {
  const gate = createGate(parallel);
  const scenarios = [
    scenarioOf('tokenBucket', true, false),
    scenarioOf('slidingWindow', false, false),
    scenarioOf('concurrency', false, false),
  ];
  return Promise.all(
    scenarios.map(async (scenario) => {
      const runs = await overSeeds(gate, seeds, async (seed) => {
        const waits = await runOnce(scenario, seed);
        progress(`critical, ${scenario.title}, seed ${seed}: ${waits.length} left`);
        return waits;
      });
      const waits = runs.flat();
      const slots = waits.map((wait) => wait.slots);
      const ms = waits.map((wait) => wait.ms);
      return {
        scenario,
        messages: waits.length,
        slotsP50: percentile(slots, 50),
        slotsP99: percentile(slots, 99),
        slotsMost: percentile(slots, 100),
        slotsFromRequestP99: percentile(
          waits.map((wait) => wait.slotsFromRequest),
          99,
        ),
        msP50: percentile(ms, 50),
        msP99: percentile(ms, 99),
      };
    }),
  );
}

interface Wait {
  readonly slots: number;
  readonly slotsFromRequest: number;
  readonly ms: number;
}

async function runOnce(scenario: Scenario, seed: number): Promise<Wait[]> {
  await using rig = await openRig();
  const commbox = await rig.startCommbox(scenario, seed);
  const port = await rig.startGateway(commbox, [
    { name: 'campaign', lane: 'bulk' },
    { name: 'codes', lane: 'critical' },
  ]);
  const campaign = { caller: 'campaign', key: keyOf('campaign'), lane: 'bulk' };
  await rig.load({ kind: 'batch', port, ...campaign, messages: BACKLOG });
  const random = createRandom(seed);
  const arrivals = Array.from({ length: CRITICAL }, (_, index): Arrival => {
    const afterMs = FROM_MS + random() * (UNTIL_MS - FROM_MS);
    return { afterMs, key: keyOf('codes'), text: `codes-${index + 1}`, lane: 'critical' };
  });
  const accepted = (await rig.load({ kind: 'arrivals', port, arrivals })) as readonly Accepted[];
  // Whatever is still to come is found missing below.
  await delay(LAST_ONES_MS);
  return waitsOf(accepted, await commbox.log());
}

function waitsOf(accepted: readonly Accepted[], { calls }: CommboxLog): Wait[] {
  const granted = calls.filter(([, , isGranted]) => isGranted);
  return accepted.map(({ text, askedAt, acceptedAt }) => {
    const at = granted.find(([, sent]) => sent === text)?.[0];
    if (at === undefined) throw new Error(`${text} was accepted, and never sent`);
    const takenSince = (from: number) => granted.filter(([time]) => time > from && time < at).length;
    return { slots: takenSince(acceptedAt), slotsFromRequest: takenSince(askedAt), ms: at - askedAt };
  });
}

/** The value that `percent` of all are at or below. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN;
}
