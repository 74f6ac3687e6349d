import t from 'tap';
import { createRateClimb, holdMs } from '../../src/pacing/rate-climb.ts';
import { type Belief, initialBelief } from '../../src/pacing/throttle-belief.ts';

const start = Date.UTC(2026, 0, 1);
const belief = (part: Partial<Belief>): Belief => ({
  ...initialBelief(Number.POSITIVE_INFINITY),
  rate: 20,
  target: 20,
  refusedRate: 21,
  ...part,
});
const facts = { openedAt: start, refusedAt: start, pauseMs: 0, isStated: false, burstAt: Number.NEGATIVE_INFINITY };

/** The rates of so many half seconds. */
function climbed(from: Belief, steps: number, isPaced = true) {
  const climb = createRateClimb();
  climb.restart(from.rate, start, from.windowS);
  const rates: number[] = [];
  let now = start;
  let at = from;
  for (let n = 0; n < steps; n++) {
    now += 500;
    at = climb.evolve(at, facts, isPaced, now);
    rates.push(at.rate);
  }
  return { climb, rates, now, belief: at };
}

t.test('a rate is left alone for the longer, the more a refusal costs', async (t) => {
  t.equal(holdMs(belief({ cost: 0.5 }), facts), 5_000, 'never less');
  t.ok(Math.abs(holdMs(belief({ cost: 12 }), facts) - 50_000) < 1, '12 of 1000 calls');
  const bucket = belief({ cost: 12, burst: 20 });
  t.ok(Math.abs(holdMs(bucket, { ...facts, isStated: true }) - 37_500) < 1, 'less with a bucket that states its waits');
  t.ok(Math.abs(holdMs(bucket, facts) - 50_000) < 1, 'but not with one that may punish');
  t.equal(holdMs(belief({ cost: 200 }), facts), 120_000, 'never more');
  t.ok(holdMs(belief({ cost: 12, refusedRate: 30 }), facts) < 12_000, 'less where there is much to gain');
});

t.test('a higher rate is tried carefully, then in ever larger steps: a doubled quota takes four seconds', async (t) => {
  const { rates } = climbed(belief({ cost: 0.5 }), 19);
  t.strictSame(new Set(rates.slice(0, 10)), new Set([20]), 'held for five seconds');
  t.ok((rates[10] ?? 0) < 20.5, 'the first step is small');
  t.ok((rates[17] ?? 0) > 40, `${rates[17]}`);
});

t.test('nothing is tried while nobody waits', async (t) => {
  t.strictSame(new Set(climbed(belief({ cost: 0.5 }), 100, false).rates), new Set([20]));
});

t.test('a rate below its target gets there without a trial', async (t) => {
  const { rates, climb, now } = climbed(belief({ cost: 200, rate: 10, target: 19 }), 10);
  t.ok((rates.at(-1) ?? 0) > 18.9 && Math.max(...rates) <= 19);
  t.strictSame(climb.evidence(19, now).trial, []);
});

t.test('what was held for four seconds is proven', async (t) => {
  t.equal(climbed(belief({ cost: 200 }), 7).belief.provenRate, 0);
  t.equal(climbed(belief({ cost: 200 }), 10).belief.provenRate, 20);
});

t.test('a trial can be told from what was in force before', async (t) => {
  const { climb, now, rates, belief: last } = climbed(belief({ cost: 0.5 }), 14);
  const { settledRate, recentRate, trial } = climb.evidence(last.rate, now + 250);
  t.strictSame(
    trial.map(({ seconds }) => seconds),
    [0.5, 0.5, 0.5, 0.25],
  );
  t.equal(settledRate, rates[11], 'a second ago');
  t.ok(recentRate > (rates[11] ?? 0) && recentRate < last.rate, 'the mean of the last second');
});

t.test(
  'a window of a minute is left alone for longer, and goes on trial once there is something to go back to',
  async (t) => {
    const minute = belief({ windowS: 60, cost: 0.5 });
    t.equal(holdMs(minute, facts), 120_000);
    t.strictSame(new Set(climbed(minute, 238).rates), new Set([20]), 'held for two minutes');
    const { rates } = climbed(minute, 420);
    t.ok((rates.at(-1) ?? 0) > 20.5 && (rates.at(-1) ?? 0) < 22.5, `${rates.at(-1)}: a step takes half a minute`);
  },
);

t.test(
  'a rate that was never refused grows past calls that start together, since they had waited for others',
  async (t) => {
    const grown = (refusedRate: number) => {
      const climb = createRateClimb();
      let at = belief({ rate: 10, target: 10, refusedRate, burst: 12 });
      climb.restart(at.rate, start);
      for (let now = start + 500; now <= start + 8_000; now += 500)
        at = climb.evolve(at, { ...facts, burstAt: now - 100 }, true, now);
      return at.rate;
    };
    t.ok(grown(Number.POSITIVE_INFINITY) > 20, `${grown(Number.POSITIVE_INFINITY)}`);
    t.equal(grown(12), 10, 'one that was refused may have been so for such a burst');
  },
);
