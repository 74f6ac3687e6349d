import t from 'tap';
import type { Throttle } from '../../src/simulator/throttle.ts';
import { type Run, type Scenario, simulate } from './simulation.ts';

// The busy machine of simulation-busy.test.ts.
const BUSY = {
  serviceMs: [15, 25],
  wayMs: [5, 15],
  sendMs: [2, 15],
  stalls: { everyMs: 2_000, lastMs: [20, 60] },
} as const;
const SEEDS = Array.from({ length: 5 }, (_, n) => n + 1);
const SERVICE_MS = 200;
// A place that a call leaves stays empty for as long as the answer and the next call take on their ways.
const quiet = { name: 'a quiet machine', timing: {}, placeMs: SERVICE_MS + 10 };
const busy = { name: 'a busy machine', timing: BUSY, placeMs: SERVICE_MS + 18.5 };

const models: Record<string, Throttle> = {
  'token bucket': { model: 'tokenBucket', rate: 20, burst: 20 },
  'fixed window': { model: 'fixedWindow', limit: 20, windowMs: 1_000 },
  'sliding window': { model: 'slidingWindow', limit: 20, windowMs: 1_000 },
  '4 at once': { model: 'concurrency', limit: 4 },
};

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const used = ({ grants }: Run, quota: number) => grants.filter((at) => at >= 10_000 && at < 80_000).length / 70 / quota;

async function runs(scenario: Omit<Scenario, 'seed' | 'messages'>): Promise<Run[]> {
  const all: Run[] = [];
  for (const seed of SEEDS) all.push(await simulate({ ...scenario, messages: 1_800, seed }));
  return all;
}

/** What is asked of the median where the machine is quiet; a busy one may lose a hundredth more. */
const least = 0.95;
const splits = [
  [90, 10],
  [50, 50],
  [0, 100],
];

for (const [model, throttle] of Object.entries(models)) {
  const isConcurrent = model === '4 at once';
  for (const { name, timing, placeMs } of [quiet, busy]) {
    t.test(`${model}, on ${name}: two replicas use what one would, and are hardly refused more`, async (t) => {
      for (const retryAfter of ['none', 'seconds'] as const) {
        const service = isConcurrent ? { serviceMs: [SERVICE_MS, SERVICE_MS] as const } : {};
        const scenario = { ...timing, ...service, throttle: { ...throttle, retryAfter } };
        const quota = isConcurrent ? 4_000 / placeMs : 20;
        const alone = median((await runs(scenario)).map(({ refusals }) => refusals.length));
        for (const loads of splits) {
          const all = await runs({ ...scenario, loads });
          const share = median(all.map((run) => used(run, quota)));
          const refused = median(all.map(({ refusals }) => refusals.length));
          const what = `${loads.join(':')}, Retry-After ${retryAfter}`;
          t.ok(share >= (name === quiet.name ? least : least - 0.01), `${what}: ${share.toFixed(3)} of the quota`);
          // The aim is one for a load that is split 90:10; the other splits are to come near it.
          const most = (loads[0] === 90 ? 1.25 : 1.5) * alone + 5;
          t.ok(refused <= most, `${what}: ${refused} refusals, ${alone} of one alone`);
          t.ok(
            all.every(({ grants }) => grants.length === 1_800),
            `${what}: none lost, none twice`,
          );
        }
      }
    });
  }
}

t.test('three replicas share few places, and the calls of a window', async (t) => {
  for (const model of ['fixed window', '4 at once']) {
    const isConcurrent = model === '4 at once';
    const service = isConcurrent ? { serviceMs: [SERVICE_MS, SERVICE_MS] as const } : {};
    const throttle = { ...(models[model] as Throttle), retryAfter: 'seconds' } as const;
    const all = await runs({ ...service, throttle, loads: [80, 15, 5] });
    const share = median(all.map((run) => used(run, isConcurrent ? 4_000 / quiet.placeMs : 20)));
    t.ok(share >= 0.94, `${model}: ${share.toFixed(3)} of the quota`);
  }
});
