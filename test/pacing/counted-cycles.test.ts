import t from 'tap';
import { callsOfSecond, hasUsed, isNoBucket, withAlike } from '../../src/pacing/counted-cycles.ts';
import { type Belief, type CountedCycle, initialBelief } from '../../src/pacing/throttle-belief.ts';
import { sampleCycle } from './sample-cycle.ts';

const FULL = Number.POSITIVE_INFINITY;

/** Those cycles of a bucket, empty at each refusal, that grant as many calls as the last, by pause and time that calls go. */
const granted = (size: number, inflow: number, times: readonly (readonly [number, number])[]): CountedCycle[] => {
  const all = times.map(([pauseS, activeS]) => {
    const grants = Math.round(Math.min(size, inflow * pauseS) + inflow * activeS);
    return { grants, pauseS, activeS };
  });
  return all.filter(({ grants }) => grants === all.at(-1)?.grants);
};
const twenty = (...times: readonly (readonly [number, number])[]): CountedCycle[] =>
  times.map(([pauseS, activeS]) => ({ grants: 20, pauseS, activeS }));

t.test('the same number whatever time there was for it is no bucket', async (t) => {
  t.ok(isNoBucket(twenty([1.1, 0.5], [1.1, 0.9])));
  t.ok(isNoBucket(twenty([FULL, 0.9], [1.05, 0.4])));
  t.ok(isNoBucket(twenty([1.26, 0.58], [0.53, 0.91], [0.34, 0.85], [0.47, 0.87])));
});

t.test('what a bucket can have granted is not held against it', async (t) => {
  const times = [
    [FULL, 0.5],
    [1, 0.5],
    [30, 0.4],
    [29, 0.41],
    [1, 0.52],
    [0.9, 0.6],
  ] as const;
  for (const size of [1, 5, 20, 100]) {
    for (const inflow of [0.1, 1, 7, 20, 90]) t.notOk(isNoBucket(granted(size, inflow, times)), `${size}, ${inflow}/s`);
  }
});

t.test('few calls are the same in number by chance, and one cycle says nothing', async (t) => {
  t.notOk(isNoBucket([]));
  t.notOk(isNoBucket(twenty([1, 0.5])));
  t.notOk(isNoBucket(twenty([1.1, 0.2], [1.1, 0.9]).map((cycle) => ({ ...cycle, grants: 2 }))));
});

t.test('refusals that all came when as many had been granted within a second are those of a window', async (t) => {
  const after = (first: number, ...others: readonly number[]) => {
    const before: Belief = {
      ...initialBelief(Number.POSITIVE_INFINITY),
      rate: 15,
      alike: { count: first, refusals: 1 },
    };
    return others.reduce(
      (belief, lastSecond) => withAlike(belief, sampleCycle(400, 5_000, 80, { lastSecond })),
      before,
    );
  };
  t.equal(callsOfSecond(after(20, 20)), null, 'two may be chance');
  t.equal(callsOfSecond(after(20, 21, 19)), 20, 'one may have been on its way');
  t.equal(callsOfSecond(after(20, 20, 22)), null);
  t.equal(callsOfSecond(after(28, 20, 20, 20)), null, 'a bucket that was full at first');
  t.equal(callsOfSecond(after(20, 25, 20, 20, 20)), null, 'all of them, from the first on');
  t.equal(callsOfSecond(after(4, 4, 4)), null, 'so few are the same by chance');
  const crowded = withAlike(after(20, 20), sampleCycle(400, 5_000, 80, { lastSecond: 20, mostInSecond: 36 }));
  t.equal(callsOfSecond(crowded), null, 'a second had more in between');
  const window: Belief = { ...after(20, 20), shape: 'window' };
  t.equal(callsOfSecond(withAlike(window, sampleCycle(400, 5_000, 80, { lastSecond: 20 }))), null, 'it is one already');
});

t.test('a window of a second is used up when as many calls were granted as it was seen to take', async (t) => {
  const nothing = initialBelief(FULL);
  const counted: Belief = { ...nothing, windowCalls: 20 };
  t.strictSame(
    [20, 19, 18].map((calls) => hasUsed(counted, calls)),
    [true, true, false],
  );
  t.equal(hasUsed({ ...counted, windowS: 5 }, 20), false);
  const met: Belief = { ...nothing, alike: { count: 20, refusals: 1 } };
  t.equal(hasUsed(met, 20), false, 'what was met before may have been something else');
  t.equal(hasUsed(met, 20, 18), true, 'unless that is likely enough');
  t.equal(hasUsed(met, 24, 24), false, 'which it is not if a second had more');
  t.equal(hasUsed(nothing, 1_000, 1_000), false);
});
