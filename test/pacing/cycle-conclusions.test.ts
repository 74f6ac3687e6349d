import t from 'tap';
import { conclude, concludeUnpaced } from '../../src/pacing/cycle-conclusions.ts';
import type { Cycle } from '../../src/pacing/cycle-evidence.ts';
import { concludeFirst } from '../../src/pacing/first-refusal.ts';
import { type Belief, initialBelief } from '../../src/pacing/throttle-belief.ts';
import { openedAt, sampleCycle } from './sample-cycle.ts';

function believe(part: Partial<Belief>): Belief {
  const { rate = 20 } = part;
  return { ...initialBelief(Number.POSITIVE_INFINITY), rate, target: rate, refusedRate: rate * 1.05, ...part };
}

/** A cycle at the believed rate, without a burst. */
const cycle = (rate: number, pauseMs: number, activeMs: number, grants: number, part: Partial<Cycle> = {}) =>
  sampleCycle(pauseMs, activeMs, grants, { settledRate: rate, recentRate: rate, ...part });
const trialOf = (...rates: number[]) => rates.map((rate) => ({ rate, seconds: 0.5 }));
const isAbout = (value: number, wanted: number) => Math.abs(value / wanted - 1) < 0.01;

t.test('the first refusal: what went through in the time that it took, and a second', async (t) => {
  const nothing = initialBelief(Number.POSITIVE_INFINITY);
  const seen = cycle(20, 0, 1_000, 40);
  t.equal(concludeFirst(nothing, seen, 0, 500).rate, 20);
  t.equal(concludeFirst(nothing, seen, 0, 500).burst, 32);
  t.equal(
    concludeFirst(nothing, seen, 0, 500).mostBurst,
    34,
    'a burst grows no further than what cannot have flowed in',
  );
  t.equal(concludeFirst(nothing, seen, 79_000, 79_000).rate, 0.5, 'or in all of a long pause that was stated');
});

t.test(
  'what went through quickly at first was a bucket, which is not asked for what flowed into it meanwhile',
  async (t) => {
    const { rate, burst, mostBurst } = concludeFirst(
      initialBelief(Number.POSITIVE_INFINITY),
      cycle(20, 0, 500, 30),
      0,
      500,
    );
    t.same({ rate, burst, mostBurst }, { rate: 20, burst: 20, mostBurst: 20 });
  },
);

t.test('a bucket: what was granted from refusal to refusal flowed in, however wrong the rate was', async (t) => {
  const { rate } = conclude(believe({ rate: 38, burst: 20 }), cycle(38, 1_000, 9_000, 200));
  t.ok(isAbout(rate, 20), `${rate}`);
});

t.test('a bucket that was full when a trial began: what the trial took beyond its size flowed in', async (t) => {
  const before = believe({ rate: 60, burst: 15, safeBurst: 15, provenRate: 20 });
  const seen = cycle(60, 500, 30_000, 640, { settledRate: 50, trial: trialOf(22, 25, 30, 40, 50, 60) });
  const { rate } = conclude(before, seen);
  t.ok(isAbout(rate, 40), `${rate}`);
});

t.test('a window that a burst used up is known at once', async (t) => {
  const first = { grants: 20, isQuick: true };
  const seen = cycle(17, 1_000, 300, 20, { burstAt: openedAt, caughtUp: 15, lastSecond: 20, mostInSecond: 20 });
  const before = believe({ rate: 17, burst: 15, first, alike: { count: 20, refusals: 1 } });
  const { rate, shape, burst } = conclude(before, seen);
  t.equal(shape, 'window');
  t.equal(burst, 1);
  t.ok(rate > 19.5 && rate < 20, `${rate}: a little less, since calls arrive closer together than they start`);
  const restarted = conclude({ ...before, first: null, alike: null }, seen);
  t.equal(restarted.shape, 'window', 'where the number is not known any more, too');
});

t.test('numbers that told a window from a bucket say nothing about a trial of that window', async (t) => {
  const counted = [
    { grants: 20, pauseS: Number.POSITIVE_INFINITY, activeS: 0.9 },
    { grants: 20, pauseS: 1.05, activeS: 0.4 },
  ];
  const burst = cycle(17, 1_000, 300, 20, { burstAt: openedAt, caughtUp: 15, lastSecond: 20 });
  const window = conclude(believe({ rate: 17, burst: 15, counted }), burst);
  const trial = cycle(20.6, 600, 17_000, 340, { recentRate: 20.3, trial: trialOf(20, 20.6) });
  const { rate } = conclude({ ...window, rate: 20.6 }, trial);
  t.ok(rate > 19 && rate < 20.6, `${rate}`);
});

t.test(
  'a window whose trials cost little is not taken for a bucket, though it grants the same each time',
  async (t) => {
    let belief = believe({ rate: 19.74, shape: 'window', provenRate: 19.74, refusedRate: 20.7 });
    for (const tried of [20, 21.9, 20.6, 20, 21.9]) {
      const seen = cycle(tried, 80, 10_000, 200, { recentRate: 20, trial: trialOf(tried) });
      belief = conclude({ ...belief, rate: tried }, seen);
      t.equal(belief.shape, 'window', `${tried}`);
    }
    const long = cycle(25, 80, 10_000, 200, {
      trial: Array.from({ length: 12 }, (_, n) => ({ rate: 20 + n, seconds: 0.5 })),
    });
    t.equal(
      conclude({ ...belief, rate: 25, sameMeans: 2, lastMean: 19.8, lastRefused: 20 }, long).shape,
      'bucket',
      'what a long trial was granted does tell',
    );
  },
);

t.test(
  'a burst that met fewer calls than the first one is a bucket, which fills more slowly than it seemed',
  async (t) => {
    const before = believe({
      rate: 35,
      burst: 21,
      first: { grants: 46, isQuick: true },
      alike: { count: 46, refusals: 1 },
    });
    const seen = cycle(35, 1_100, 200, 26, { burstAt: openedAt, caughtUp: 21, lastSecond: 26, mostInSecond: 26 });
    const { rate, shape, burst, doubtedBursts } = conclude(before, seen);
    t.same({ shape, burst, doubtedBursts }, { shape: 'bucket', burst: 21, doubtedBursts: 1 });
    t.ok(isAbout(rate, 20), `${rate}`);

    const heldUp = conclude({ ...before, first: { grants: 46, isQuick: false } }, seen);
    t.equal(heldUp.shape, 'window', 'unless answers held the first calls up: then their number says little');
  },
);

t.test(
  'where the rate is known, a burst that a bucket refused was too large; the second in a row is a window',
  async (t) => {
    const first = { grants: 23, isQuick: true };
    const before = believe({ rate: 20, burst: 18, lastMean: 19.8, first });
    const refused = (belief: Belief, grants: number) =>
      conclude(belief, cycle(20, 900, 250, grants, { burstAt: openedAt, caughtUp: 18 }));
    const cut = refused(before, 14);
    t.same([cut.shape, cut.burst, cut.mostBurst], ['bucket', 11, 11]);
    t.ok(cut.rate >= 16, `${cut.rate}`);
    t.equal(refused(cut, 14).shape, 'window');
    const inBetween = conclude(cut, cycle(cut.rate, 900, 8_000, 170));
    t.equal(
      refused({ ...inBetween, burst: 18, safeBurst: 0 }, 14).shape,
      'bucket',
      'not if one was granted in between',
    );
  },
);

t.test('a longer window grants as many as the first time, whatever the second before the refusal had', async (t) => {
  const before = believe({ rate: 46, burst: 60, first: { grants: 100, isQuick: true } });
  const after = (grants: number) =>
    conclude(before, cycle(46, 5_600, 1_100, grants, { burstAt: openedAt + 500, caughtUp: 60 })).shape;
  t.equal(after(100), 'window');
  t.equal(after(80), 'bucket');
});

t.test('after a trial a window is not given what it refused before, unless the trial went far beyond', async (t) => {
  let before = believe({ shape: 'window', provenRate: 19.74, refusedRate: 20.73 });
  const after = (recentRate: number) =>
    conclude(
      { ...before, rate: 21.9 },
      cycle(21.9, 1_050, 67_000, 1_322, { recentRate, trial: trialOf(20, 20.6, 21.9) }),
    );
  t.ok(isAbout(after(21.3).target, 19.74), 'back to what went well');
  t.ok(isAbout(after(22.5).target, 21.71), 'the next round number');
  for (let trial = 0; trial < 2; trial++) before = after(21.3);
  t.ok(isAbout(after(21.3).target, 20.73), 'after some trials it may have changed');
});

t.test('a quota that shrank is known after one window', async (t) => {
  const { rate } = conclude(believe({ rate: 19.7, shape: 'window' }), cycle(19.7, 1_000, 500, 10));
  t.ok(isAbout(rate, 9.87), `${rate}`);
});

t.test('a refusal after a second and more is no window of two seconds', async (t) => {
  const { rate } = conclude(believe({ rate: 19.7, shape: 'window' }), cycle(19.7, 2_100, 1_350, 27));
  t.ok(rate > 15, `${rate}`);
});

t.test('a rate that went well for a while gives way a little: some calls may have come late', async (t) => {
  const { target } = conclude(believe({ rate: 19.7, shape: 'window' }), cycle(19.7, 1_000, 20_000, 394));
  t.ok(target > 19.4 && target < 19.6, `${target}`);
  const soon = conclude(believe({ rate: 19.7, shape: 'window' }), cycle(19.7, 300, 2_000, 39));
  t.ok(isAbout(soon.target, 18.75), `${soon.target}: the next round number, if it did not`);
});

t.test('a window whose calls were counted, and that granted as many, met calls that came late', async (t) => {
  const before = believe({ rate: 19.74, shape: 'window', windowCalls: 20 });
  const after = (lastSecond: number, rate = 19.74) =>
    conclude({ ...before, rate }, cycle(rate, 1_050, 2_000, 39, { lastSecond })).target;
  t.ok(isAbout(after(19), 19.5), `${after(19)}`);
  t.ok(isAbout(after(17), 18.75), `${after(17)}: it may take fewer by now`);
  t.ok(isAbout(after(20, 20.5), 19.74), `${after(20, 20.5)}: a rate beyond it is refused for what it is`);
});

t.test('a trial that is refused leads back to what was proven', async (t) => {
  const before = believe({ rate: 20.2, shape: 'window', provenRate: 19.7 });
  const { rate, target } = conclude(
    before,
    cycle(20.2, 1_000, 60_000, 1_180, { recentRate: 19.9, trial: trialOf(20, 20.2) }),
  );
  t.equal(rate, 19.7);
  t.equal(target, 19.7);
});

t.test('a trial that went far: the mean of its last second is what a window takes', async (t) => {
  const before = believe({ rate: 43, shape: 'window', provenRate: 19.7 });
  const seen = cycle(43, 1_000, 60_000, 1_300, {
    settledRate: 34.5,
    recentRate: 40.3,
    trial: trialOf(28, 34.5, 39, 43),
  });
  t.ok(isAbout(conclude(before, seen).target, 39.5));
});

t.test('a burst that is larger than one that was granted shrinks, whatever the refusal is put on', async (t) => {
  const before = believe({ burst: 25, safeBurst: 19 });
  const seen = cycle(20, 1_500, 300, 22, { burstAt: openedAt, caughtUp: 25 });
  for (const { burst, mostBurst, rate } of [conclude(before, seen), concludeUnpaced(before, seen)]) {
    t.equal(burst, 19);
    t.equal(mostBurst, 19);
    t.ok(rate > 9);
  }
  t.strictSame(concludeUnpaced(before, cycle(20, 1_500, 5_000, 100)), before, 'one long after the burst is not');
});

t.test(
  'a burst that may have been too wide was perhaps too large as well: the next is what went through',
  async (t) => {
    const before = believe({ rate: 18, burst: 28 });
    const seen = cycle(18, 9_000, 150, 23, { burstAt: openedAt, caughtUp: 28 });
    const { burst, mostBurst, rate, shape } = concludeUnpaced(before, seen);
    t.strictSame([burst, mostBurst, rate, shape], [19, 19, 18, 'bucket']);
    t.equal(concludeUnpaced(believe({ rate: 18, burst: 5 }), seen).burst, 5, 'never a larger one');
  },
);

t.test('a minute whose calls were used up at once is known at once, whatever was believed', async (t) => {
  const before = believe({ rate: 200, burst: 240 });
  const seen = cycle(200, 80_000, 400, 300, { burstAt: openedAt, caughtUp: 240, failedAt: openedAt + 50_000 });
  const { rate, windowS } = conclude(before, seen);
  t.equal(windowS, 60);
  t.ok(rate > 4.95 && rate < 5, `${rate}`);
});

t.test(
  'a window seems long by mistake if more was granted before: that was for a stated wait that is too long',
  async (t) => {
    const before = believe({ rate: 6, burst: 5, lastMean: 6 });
    const seen = cycle(6, 10_500, 150, 20, { burstAt: openedAt, caughtUp: 5, statedMs: 10_000 });
    t.equal(conclude(before, seen).windowS, 1);
  },
);

t.test('a minute that takes half as much as before is known from what it granted', async (t) => {
  const before = believe({ rate: 5, shape: 'window', windowS: 60 });
  const { rate } = conclude(before, cycle(5, 30_000, 30_000, 150));
  t.ok(isAbout(rate, 2.5), `${rate}`);
});

t.test('the limit of a minute is a round number of calls a minute', async (t) => {
  const before = believe({ rate: 16.65, shape: 'window', windowS: 60, provenRate: 0 });
  const seen = cycle(16.65, 1_000, 70_000, 1_180, { recentRate: 16.75, trial: trialOf(16.9) });
  const { target } = conclude(before, seen);
  t.ok(isAbout(target * 60, 1_000), `${target * 60}`);
});

t.test(
  'a bucket that was taken for a window: the rate falls from refusal to refusal, what is granted does not',
  async (t) => {
    let belief = believe({ shape: 'window', rate: 23 });
    const shapes: string[] = [];
    for (let cycles = 0; cycles < 5; cycles++) {
      const { rate } = belief;
      // Twenty were saved up in the pause of a second, and twenty a second come in.
      const ms = 20_000 / (rate - 20);
      belief = conclude(belief, cycle(rate, 1_000, ms, Math.round((rate * ms) / 1_000)));
      shapes.push(belief.shape);
    }
    t.strictSame(new Set(shapes), new Set(['window', 'bucket']));
    t.equal(shapes[4], 'bucket');

    let window = believe({ shape: 'window', rate: 20 });
    for (let late = 0; late < 6; late++) {
      window = conclude(window, cycle(window.rate, 500, 30_000, Math.round(window.rate * 30)));
      t.equal(window.shape, 'window', `${window.rate}/s, refused because of a late call`);
    }
  },
);
