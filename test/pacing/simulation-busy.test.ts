import t from 'tap';
import type { Throttle } from '../../src/simulator/throttle.ts';
import { type Run, type Scenario, simulate } from './simulation.ts';

// A machine that others use: calls leave up to 15 ms late, answers take 20 to 40 ms, and every other second on average
// the process stands still for up to 60 ms.
const BUSY = {
  serviceMs: [15, 25],
  wayMs: [5, 15],
  sendMs: [2, 15],
  stalls: { everyMs: 2_000, lastMs: [20, 60] },
} as const;
const SEEDS = Array.from({ length: 11 }, (_, n) => n + 1);
const SERVICE_MS = 200;
// A place that a call leaves stays empty for as long as the answer and the next call take on their ways.
const CONCURRENT_RATE = 4_000 / (SERVICE_MS + 18.5);

const models = {
  'token bucket': (rate: number): Throttle => ({ model: 'tokenBucket', rate, burst: rate }),
  'fixed window': (rate: number): Throttle => ({ model: 'fixedWindow', limit: rate, windowMs: 1_000 }),
  'sliding window': (rate: number): Throttle => ({ model: 'slidingWindow', limit: rate, windowMs: 1_000 }),
  '4 at once': (rate: number): Throttle => ({ model: 'concurrency', limit: rate / 5 }),
};
type Name = keyof typeof models;
const names = Object.keys(models) as Name[];
const answers = (['none', 'seconds'] as const).flatMap((retryAfter) =>
  [0, 500].map((penaltyMs) => ({ retryAfter, penaltyMs })),
);

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const within = (times: readonly number[], from: number, to: number) =>
  times.filter((at) => at >= from && at < to).length;
const rate = ({ grants }: Run, from: number, to: number) => (within(grants, from, to) * 1_000) / (to - from);
const grantedBy = (name: Name) => (name === '4 at once' ? CONCURRENT_RATE : 20);

async function runs(name: Name, scenario: Omit<Scenario, 'seed'>): Promise<Run[]> {
  const timing = name === '4 at once' ? { ...BUSY, serviceMs: [SERVICE_MS, SERVICE_MS] as const } : BUSY;
  const all: Run[] = [];
  for (const seed of SEEDS) all.push(await simulate({ ...timing, ...scenario, seed }));
  return all;
}

// A sliding window refuses whenever a call comes later than the one a second after it.
const least: Record<Name, number> = {
  'token bucket': 0.95,
  'fixed window': 0.96,
  'sliding window': 0.94,
  '4 at once': 0.97,
};

for (const name of names) {
  t.test(`${name}, on a busy machine: hardly anything is lost or refused`, async (t) => {
    for (const answer of answers) {
      const all = await runs(name, { throttle: { ...models[name](20), ...answer }, messages: 1_800 });
      const used = median(all.map((run) => rate(run, 10_000, run.endMs) / grantedBy(name)));
      const per100 = median(all.map((run) => (100 * within(run.refusals, 10_000, run.endMs)) / 1_600));
      const what = `Retry-After ${answer.retryAfter}, penalty ${answer.penaltyMs} ms`;
      t.ok(used >= least[name], `${what}: ${used.toFixed(3)} of the quota`);
      t.ok(per100 <= 2, `${what}: ${per100.toFixed(2)} refusals per 100`);
    }
  });
}

/** How long after the change the mean of five seconds first was nine tenths of the new rate. */
function followedAfterMs(run: Run, changeMs: number, newRate: number): number {
  for (let end = changeMs + 5_000; end < changeMs + 120_000; end += 250) {
    if (rate(run, end - 5_000, end) >= 0.9 * newRate) return end - changeMs;
  }
  return Number.POSITIVE_INFINITY;
}

// What a failed trial costs says how often there can be one: docs/pacing.md.
const latestMs: Record<Name, number> = {
  'token bucket': 20_000,
  'fixed window': 100_000,
  'sliding window': 80_000,
  '4 at once': 100_000,
};

for (const name of names) {
  t.test(`${name}, on a busy machine: a doubled quota is found`, async (t) => {
    for (const retryAfter of ['none', 'seconds'] as const) {
      const [before, after] = [20, 40].map((perSecond) => ({ ...models[name](perSecond), retryAfter })) as [
        Throttle,
        Throttle,
      ];
      const all = await runs(name, { throttle: before, change: { atMs: 40_000, throttle: after }, messages: 4_000 });
      const ms = median(all.map((run) => followedAfterMs(run, 40_000, 2 * grantedBy(name))));
      t.ok(ms <= latestMs[name], `${retryAfter}: ${ms} ms`);
    }
  });
}

t.test('a number in flight that was seen too high while the machine stood still is found out', async (t) => {
  // What is under way then is counted here, and not yet there, so that more seem to be granted than ever are.
  const stalls = { everyMs: 2_000, lastMs: [50, 250] } as const;
  const throttle = { ...models['4 at once'](20), retryAfter: 'none', penaltyMs: 0 } as const;
  const used: number[] = [];
  for (let seed = 1; seed <= 300; seed++) {
    const timing = { serviceMs: [190, 210], wayMs: [0.5, 4], stalls } as const;
    const run = await simulate({ ...timing, throttle, messages: 1_800, seed });
    used.push(rate(run, 10_000, run.endMs) / 20);
  }
  t.ok(Math.min(...used) >= 0.8, `${Math.min(...used).toFixed(3)} of the quota in the worst of 300 runs`);
});

t.test(
  'calls that take long at the beginning do not make a limit on calls at the same time pass for a rate',
  async (t) => {
    const coldStart = { lastsMs: 1_500, uptoMs: 300 };
    for (const { retryAfter, penaltyMs } of answers) {
      const throttle = { ...models['4 at once'](20), retryAfter, penaltyMs };
      const used: number[] = [];
      for (let seed = 1; seed <= 40; seed++) {
        const run = await simulate({
          serviceMs: [190, 210],
          wayMs: [1, 4],
          coldStart,
          throttle,
          messages: 1_800,
          seed,
        });
        used.push(rate(run, 10_000, run.endMs) / 20);
      }
      const what = `Retry-After ${retryAfter}, penalty ${penaltyMs} ms: ${median(used).toFixed(3)} of the quota`;
      t.ok(median(used) >= (penaltyMs === 0 ? 0.93 : 0.89), what);
    }
  },
);

t.test(
  'refusals that take as long as other answers, and are punished, do not make one throttle pass for another',
  async (t) => {
    const usedOf = async (name: Name, refusal: { retryAfter: 'none' | 'seconds'; penaltyMs: number }) => {
      const serviceMs = name === '4 at once' ? ([190, 210] as const) : ([20, 40] as const);
      const timing = {
        serviceMs,
        refusalMs: serviceMs,
        wayMs: [0.5, 3],
        coldStart: { lastsMs: 1_500, uptoMs: 150 },
      } as const;
      const used: number[] = [];
      for (let seed = 1; seed <= 60; seed++) {
        const run = await simulate({ ...timing, throttle: { ...models[name](20), ...refusal }, messages: 1_800, seed });
        used.push(rate(run, 10_000, run.endMs) / 20);
      }
      return used.toSorted((a, b) => a - b);
    };
    for (const [name, retryAfter, half, tenth] of [
      ['4 at once', 'seconds', 0.96, 0.92],
      ['4 at once', 'none', 0.94, 0.87],
      ['token bucket', 'seconds', 0.96, 0.94],
      ['token bucket', 'none', 0.88, 0.84],
    ] as const) {
      const used = await usedOf(name, { retryAfter, penaltyMs: 500 });
      const what = `${name}, Retry-After ${retryAfter}: ${used[30]?.toFixed(3)} of the quota, in one of ten ${used[6]?.toFixed(3)}`;
      t.ok((used[30] ?? 0) >= half && (used[6] ?? 0) >= tenth, what);
    }
  },
);

t.test('a bucket is not asked for more than it was seen to hold: each call too many may be punished', async (t) => {
  const throttle = { ...models['token bucket'](20), retryAfter: 'none', penaltyMs: 500 } as const;
  const used: number[] = [];
  for (let seed = 1; seed <= 60; seed++) {
    const run = await simulate({ serviceMs: [20, 40], wayMs: [1, 3], throttle, messages: 1_800, seed });
    used.push(rate(run, 10_000, run.endMs) / 20);
  }
  t.ok(median(used) >= 0.985, `${median(used).toFixed(3)} of the quota`);
  t.ok(Math.min(...used) >= 0.92, `${Math.min(...used).toFixed(3)} in the worst of 60 runs`);
});

t.test('a window that is met while calls take long at the beginning does not pass for a bucket for long', async (t) => {
  const timing = {
    serviceMs: [20, 40],
    refusalMs: [20, 40],
    wayMs: [0.5, 3],
    coldStart: { lastsMs: 1_500, uptoMs: 150 },
  } as const;
  for (const name of ['fixed window', 'sliding window'] as const) {
    const throttle = { ...models[name](20), retryAfter: 'none', penaltyMs: 0 } as const;
    const used: number[] = [];
    for (let seed = 1; seed <= 60; seed++) {
      const run = await simulate({ ...timing, throttle, messages: 1_800, seed });
      used.push(rate(run, 10_000, run.endMs) / 20);
    }
    t.ok(median(used) >= 0.95, `${name}: ${median(used).toFixed(3)} of the quota`);
  }
});

t.test('a bucket that holds hardly more than one call is not refused again and again', async (t) => {
  const timing = { serviceMs: [20, 40], refusalMs: [20, 40], wayMs: [0.5, 3] } as const;
  for (const retryAfter of ['none', 'seconds'] as const) {
    for (const [burst, least] of [
      [1, 0.7],
      [2, 0.95],
    ] as const) {
      const throttle = { model: 'tokenBucket', rate: 20, burst, retryAfter, penaltyMs: 0 } as const;
      const used: number[] = [];
      for (const seed of SEEDS) {
        const run = await simulate({ ...timing, throttle, messages: 1_800, seed });
        used.push(rate(run, 12_000, run.endMs) / 20);
      }
      t.ok(median(used) >= least, `${burst}, Retry-After ${retryAfter}: ${median(used).toFixed(3)} of the quota`);
    }
  }
});
