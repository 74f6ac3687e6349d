import t from 'tap';
import { blamesBurst, drainingRate, meanOf, usedWindow } from '../../src/pacing/cycle-evidence.ts';
import { openedAt, sampleCycle } from './sample-cycle.ts';

const cycle = (pauseMs: number, activeMs: number, grants: number) =>
  sampleCycle(pauseMs, activeMs, grants, { burstAt: openedAt });

t.test('the mean counts the pause, too', async (t) => {
  t.equal(meanOf(cycle(1_000, 9_000, 200)), 20);
});

t.test('a fresh window that is used up tells how many calls it takes, in the shortest round time', async (t) => {
  t.equal(usedWindow(cycle(1_000, 400, 20))?.rate, 20);
  t.equal(usedWindow(cycle(10_000, 7_500, 100))?.rate, 10, 'a hundred in ten seconds');
  t.equal(usedWindow(cycle(850, 400, 20)), null, 'the pause was too short for the window to be fresh');
  t.equal(usedWindow(cycle(300_000, 61_000, 100)), null, 'nobody limits by so long a time in this way');
});

t.test('a refusal is put on a burst while that is ahead of the rate, and only then', async (t) => {
  t.equal(blamesBurst(cycle(1_000, 500, 25), 20, 20), true);
  t.equal(blamesBurst(cycle(1_000, 700, 25), 20, 20), false);
  t.equal(blamesBurst(cycle(1_000, 10, 1), 1, 20), false, 'a single call is no burst');
});

t.test('what a trial took beyond what flows in is what was in the bucket', async (t) => {
  const trial = [30, 40, 50, 60].map((rate) => ({ rate, seconds: 0.5 }));
  t.ok(Math.abs(drainingRate(trial, 15) - 40) < 0.01, 'half a second each of 10 and of 20 more than 40');
  t.ok(drainingRate(trial, 1) > drainingRate(trial, 10), 'the smaller the bucket, the more flows in');
  t.equal(drainingRate([], 10), 0);
  t.ok(drainingRate(trial, 1_000) < 0.01, 'so large a bucket tells nothing');
});

t.test('how long a window is shows when calls are granted again, not how soon it was used up', async (t) => {
  const soon = cycle(60_000, 400, 300);
  const failed = { ...soon, failedAt: openedAt + 50_000 };
  t.strictSame(usedWindow(failed), { rate: 5, seconds: 60, isSeen: true }, 'a probe was refused after 50 s');
  t.strictSame(usedWindow({ ...soon, statedMs: 60_000 }), { rate: 5, seconds: 60, isSeen: true }, 'or so it was said');
  t.equal(usedWindow({ ...soon, statedMs: 40_000 })?.isSeen, false, 'nobody limits by forty seconds');
  t.equal(usedWindow({ ...soon, failedAt: openedAt + 5_400 })?.seconds, 5, 'probes may have been punished');
  t.equal(usedWindow({ ...soon, failedAt: openedAt + 1_400 })?.seconds, 1, 'or be all that there is to it');
});
