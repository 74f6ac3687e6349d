import t from 'tap';
import { createInFlightLimit } from '../../src/pacing/in-flight-limit.ts';
import type { LimitFacts } from '../../src/pacing/in-flight-verdict.ts';

const now = Date.UTC(2026, 0, 1);
const NEVER = Number.NEGATIVE_INFINITY;
/** A refusal while calls waited for others to end, and none for the rate. */
const bound = (inFlight: number, at = now): LimitFacts => ({
  now: at,
  inFlight,
  number: inFlight,
  boundAt: at,
  pacedAt: NEVER,
  pacedBefore: NEVER,
  openedAt: at - 10_000,
});
const paced = (inFlight: number): LimitFacts => ({
  ...bound(inFlight),
  boundAt: NEVER,
  pacedAt: now,
  pacedBefore: now,
});

function grant(limit: ReturnType<typeof createInFlightLimit>, calls: number, at = now, tookMs = 30) {
  for (let n = 0; n < calls; n++) limit.granted({ inFlight: limit.limit, tookMs }, true, at);
}

t.test(
  'knowing nothing it begins with four, and one more for every eight that are granted while others wait',
  async (t) => {
    const limit = createInFlightLimit({ concurrency: 32 });
    t.equal(limit.limit, 4);
    grant(limit, 7);
    t.equal(limit.limit, 4);
    grant(limit, 1);
    t.equal(limit.limit, 5);
    grant(limit, 10_000);
    t.equal(limit.limit, 32, 'never more than is configured');
  },
);

t.test('slow calls do not hold it down: each second in flight lets one more go, until one is refused', async (t) => {
  const limit = createInFlightLimit({ concurrency: 32 });
  grant(limit, 4, now, 1_000);
  t.equal(limit.limit, 8);
  grant(limit, 8, now, 5_000);
  t.equal(limit.limit, 16, 'never more than twice as many');
  grant(limit, 8, now, 500);
  t.equal(limit.limit, 20);
  limit.refusedFirst(bound(20));
  limit.reopened(0, now);
  grant(limit, 8, now + 60_000, 1_000);
  t.equal(limit.limit, 20, 'as many grants as ever');
});

t.test('while nobody waits there is no reason for more', async (t) => {
  const limit = createInFlightLimit({ concurrency: 32 });
  for (let n = 0; n < 100; n++) limit.granted({ inFlight: 4, tookMs: 30 }, false, now);
  t.equal(limit.limit, 4);
});

t.test('a limit that is configured lower holds at once', async (t) => {
  const options = { concurrency: 32 };
  const limit = createInFlightLimit(options);
  grant(limit, 10_000);
  options.concurrency = 2;
  t.equal(limit.limit, 2);
});

t.test('a refusal while more are in flight than ever is about their number', async (t) => {
  const limit = createInFlightLimit({ concurrency: 32 });
  grant(limit, 40);
  t.equal(limit.blames({ ...bound(10), openedAt: now - 100 }), true);
  t.equal(limit.limit, 9);
});

t.test('one while calls waited for the rate is not', async (t) => {
  const limit = createInFlightLimit({ concurrency: 32 });
  grant(limit, 40);
  limit.granted({ inFlight: 10, tookMs: 30 }, false, now);
  t.equal(limit.blames(paced(10)), false);
  t.equal(limit.blames({ ...bound(1) }), false, 'nor one of a single call');
  t.equal(limit.limit, 9);
});

t.test('one in the slow start after a pause is about their number, if the rate was not in the way', async (t) => {
  const refusedWith = (inFlight: number, change: Partial<LimitFacts>, pauseMs = 800) => {
    const limit = createInFlightLimit({ concurrency: 32 });
    grant(limit, 40);
    limit.reopened(pauseMs, now);
    for (const number of [1, 2]) limit.granted({ inFlight: number, tookMs: 200 }, false, now + 300);
    const openedLate = { now: now + 400, openedAt: now, boundAt: now - 800, pacedAt: NEVER, pacedBefore: NEVER };
    return limit.blames({ ...openedLate, inFlight, number: inFlight - 1, ...change });
  };
  t.equal(refusedWith(3, {}), true);
  t.equal(refusedWith(2, {}), false, 'as many were granted');
  t.equal(refusedWith(3, { pacedBefore: now + 300, pacedAt: now + 300 }), false, 'it waited for the rate');
  t.equal(refusedWith(3, { pacedAt: now + 399 }), true, 'others did, after it had begun');
  t.equal(refusedWith(3, {}, 500), false, 'a window of a second may be used up');
});

t.test(
  'a burst that is refused with as many in flight as ever since may be too wide: twice, then it is too large',
  async (t) => {
    const refusedWith = (number: number, afterMs: number, grants = 4) => {
      const limit = createInFlightLimit({ concurrency: 32 });
      grant(limit, 40, now - 10_000);
      const blames = () => {
        limit.reopened(800, now);
        for (let n = 0; n < grants; n++) limit.granted({ inFlight: 1 + (n % 4), tookMs: 200 }, false, now + 300);
        return limit.blames({ ...paced(number), now: now + afterMs, openedAt: now, pacedAt: now + afterMs });
      };
      return [blames(), blames(), blames()];
    };
    t.strictSame(refusedWith(4, 600), [true, true, false]);
    t.strictSame(refusedWith(3, 600), [false, false, false], 'more were granted');
    t.strictSame(refusedWith(4, 1_600), [false, false, false], 'no burst any more');
    t.strictSame(refusedWith(4, 600, 16), [true, true, false]);
    t.strictSame(
      refusedWith(4, 600, 17),
      [false, false, false],
      'every place was used a few times: it is as wide as ever',
    );
    t.strictSame(refusedWith(5, 600, 0), [false, false, false], 'what is granted to other processes is not seen here');
  },
);

t.test('with the rate in the way it is about their number if many were granted, and none with as many', async (t) => {
  const refusedWith = (inFlight: number, grants: number) => {
    const limit = createInFlightLimit({ concurrency: 32 });
    grant(limit, 40);
    limit.reopened(2_000, now);
    for (let n = 0; n < grants; n++) limit.granted({ inFlight: 4, tookMs: 200 }, false, now);
    return limit.blames({
      ...paced(inFlight),
      now: now + 8_000,
      openedAt: now,
      pacedAt: now + 7_990,
      pacedBefore: now + 7_800,
    });
  };
  t.equal(refusedWith(5, 20), true);
  t.equal(refusedWith(5, 19), false);
  t.equal(refusedWith(4, 20), false, 'as many were granted');
});

t.test('a refusal by a window that was used up is not about how many happen to be in flight', async (t) => {
  const refused = (isUsedUp: boolean) => {
    const limit = createInFlightLimit({ concurrency: 32 });
    limit.granted({ inFlight: 5, tookMs: 30 }, false, now);
    limit.reopened(1_000, now);
    for (let n = 0; n < 120; n++) limit.granted({ inFlight: 1 + (n % 2), tookMs: 30 }, false, now);
    return limit.blames({ ...paced(3), openedAt: now - 6_000, isUsedUp });
  };
  t.equal(refused(false), true);
  t.equal(refused(true), false);
});

t.test('of several processes two in flight say nothing: how many the others have is a guess', async (t) => {
  const refused = (number: number, isGuess: boolean) => {
    const limit = createInFlightLimit({ concurrency: 32 });
    limit.granted({ inFlight: 5, tookMs: 30 }, false, now);
    limit.reopened(1_000, now - 1_000);
    limit.granted({ inFlight: 1, tookMs: 30 }, false, now);
    return limit.blames({ ...bound(number), boundAt: now - 600, pacedAt: NEVER, openedAt: now - 1_000, isGuess });
  };
  t.equal(refused(2, false), true);
  t.equal(refused(2, true), false);
  t.equal(refused(3, true), true);

  // Two are refused at the same time, at a rate that two processes find too high together.
  const limit = createInFlightLimit({ concurrency: 32 });
  limit.refusedFirst({ ...bound(2), isGuess: true });
  t.equal(limit.limit, 2, 'so the first refusal leaves two');
  limit.reopened(1_000, now, true);
  grant(limit, 8, now + 100);
  t.equal(limit.blames({ ...bound(2, now + 200), isGuess: true }), false, 'nor is it a trial that failed');
  t.equal(limit.blames({ ...bound(3, now + 300), isGuess: true }), true);
});

t.test('two in flight are not too many for whoever was granted a burst of twice as many', async (t) => {
  const refusedAfter = (burst: readonly number[]) => {
    const limit = createInFlightLimit({ concurrency: 32 });
    limit.granted({ inFlight: 5, tookMs: 30 }, false, now);
    const blamed: boolean[] = [];
    for (let trial = 0; trial < 3; trial++) {
      limit.reopened(1_000, now);
      for (const inFlight of burst) limit.granted({ inFlight, tookMs: 30 }, false, now);
      for (let n = 0; n < 150; n++) limit.granted({ inFlight: 1, tookMs: 30 }, false, now);
      blamed.push(limit.blames({ ...paced(2), openedAt: now - 8_000 }));
    }
    return blamed;
  };
  t.strictSame(refusedAfter([1, 2]), [false, false, true], 'it is always the second that is refused');
  t.strictSame(refusedAfter([1, 2, 3, 4]), [false, false, false]);
});

t.test('calls that are late on their way do not make the limit seem higher than it is', async (t) => {
  const refusedWith = (numbers: readonly number[], granted: number) => {
    const limit = createInFlightLimit({ concurrency: 32 });
    for (let n = 1; n <= granted; n++) limit.granted({ inFlight: n, tookMs: 30 }, true, now);
    const [first = 0, ...others] = numbers;
    limit.refusedFirst({ ...bound(8), number: first });
    for (const number of others) limit.refusedToo(number);
    return limit.limit;
  };
  t.equal(refusedWith([6, 7, 8], 5), 5, 'eight were in flight, but it began as the sixth');
  t.equal(refusedWith([7, 5, 6], 5), 4, 'of those refused together the first in number counts');
  t.equal(refusedWith([7, 2], 5), 4, 'but what was granted as the fifth was the fourth at least');
  t.equal(refusedWith([1], 0), 2, 'never one alone, where so many were in flight');
  t.equal(refusedWith([9, 8], 20), 7, 'never more than there were, less one');
});

t.test(
  'a refusal soon after more were let go than the last one left is about that, though the rate was in the way',
  async (t) => {
    const refusedWith = (inFlight: number, laterMs: number) => {
      const limit = createInFlightLimit({ concurrency: 32 });
      limit.refusedFirst(bound(5));
      limit.reopened(0, now);
      grant(limit, 100, now + 5_000);
      const at = now + 5_000 + laterMs;
      return limit.blames({ ...paced(inFlight), now: at, pacedAt: at });
    };
    t.equal(refusedWith(9, 1_000), true);
    t.equal(refusedWith(4, 1_000), false, 'no more than before');
    t.equal(refusedWith(9, 10_000), false, 'they were granted for long');
  },
);

t.test('where lowering the number does not help, it is the rate after all', async (t) => {
  const limit = createInFlightLimit({ concurrency: 32 });
  grant(limit, 200);
  const verdicts = [5, 4, 3, 3].map((inFlight, n) => {
    const at = now + n * 1_000;
    limit.granted({ inFlight: 8, tookMs: 30 }, true, at);
    return limit.blames({ ...bound(inFlight, at), openedAt: at - 3_000 });
  });
  t.strictSame(verdicts, [true, true, true, false]);
});

t.test('after a refusal it stays for a while, the longer the more the pause cost', async (t) => {
  for (const [pauseMs, holdMs] of [
    [0, 5_000],
    [300, 60_000],
    [60_000, 120_000],
  ] as const) {
    const limit = createInFlightLimit({ concurrency: 32 });
    limit.blames(bound(6));
    limit.reopened(pauseMs, now);
    grant(limit, 100, now + holdMs - 1);
    t.equal(limit.limit, 5);
    grant(limit, 8, now + holdMs);
    t.equal(limit.limit, 6, 'then it tries again');
  }
});

t.test('what was seen before another process was heard of is tried again at once', async (t) => {
  const limit = createInFlightLimit({ concurrency: 32 });
  limit.refusedFirst(bound(4));
  limit.reopened(1_000, now, true);
  grant(limit, 8, now + 1_000);
  t.equal(limit.limit, 4);
  limit.blames(bound(4, now + 10_000));
  limit.reopened(1_000, now + 11_000, true);
  grant(limit, 100, now + 20_000);
  t.equal(limit.limit, 3, 'but no later refusal');
});

t.test('the first refusal ever leaves one fewer than there were', async (t) => {
  const limit = createInFlightLimit({ concurrency: 32 });
  grant(limit, 100);
  limit.refusedFirst(bound(12));
  t.equal(limit.limit, 11);
  limit.refusedFirst(bound(1));
  t.equal(limit.limit, 11, 'unless there was but one, which cannot have been one too many');
});

t.test('what was learned can be taken up again', async (t) => {
  const limit = createInFlightLimit({ concurrency: 32 });
  limit.restore(20);
  t.equal(limit.limit, 20);
});
