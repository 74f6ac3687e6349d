import t from 'tap';
import { createPacer, type Pacer, type Pass } from '../../src/pacing/pacer.ts';

const start = Date.UTC(2026, 0, 1);
const open = (options: { concurrency?: number; knownRate?: number } = {}) =>
  createPacer({ random: () => 0.5, concurrency: options.concurrency ?? 4, knownRate: options.knownRate ?? null });
const enterAll = (pacer: Pacer, now: number): Pass[] => Array.from({ length: pacer.room(now) }, () => pacer.enter(now));

/** Refuses one call, and grants the probe after the pause. Resolves with the time. */
function refuseOnce(pacer: Pacer, now: number, retryAfterMs: number | null = 1_000): number {
  pacer.refused(pacer.enter(now), 'quota', retryAfterMs, now);
  const probeAt = pacer.opensAt(now);
  pacer.succeeded(pacer.enter(probeAt), probeAt);
  return probeAt;
}

/** When calls start if one always waits and each is granted 20 ms later. */
function run(pacer: Pacer, from: number, ms: number): number[] {
  const starts: number[] = [];
  const passes: Pass[] = [];
  for (let now = from; now < from + ms; now += 5) {
    while (passes[0] !== undefined && now - passes[0].startedAt >= 20) pacer.succeeded(passes.shift() as Pass, now);
    for (; pacer.room(now) > 0; passes.push(pacer.enter(now))) starts.push(now);
  }
  for (const pass of passes) pacer.succeeded(pass, from + ms);
  return starts;
}

t.test('while nothing was ever refused nobody is held back, whatever the rate', async (t) => {
  const pacer = open({ concurrency: 1_000 });
  for (let n = 0; n < 10_000; n++) {
    t.equal(pacer.opensAt(start) > start, false);
    pacer.succeeded(pacer.enter(start), start);
  }
  t.match(pacer.state(start), { state: 'open', cause: null, rate: null, burst: null, pausedUntil: null });
});

t.test('a cold burst does not run into a wall: four at once, and more as they are granted', async (t) => {
  const pacer = open({ concurrency: 32 });
  t.equal(pacer.room(start), 4);
  let now = start;
  const atOnce: number[] = [];
  for (let round = 0; round < 12; round++) {
    now += 50;
    const passes = enterAll(pacer, now);
    pacer.room(now);
    atOnce.push(passes.length);
    for (const pass of passes) pacer.succeeded(pass, now);
  }
  t.strictSame(atOnce.slice(0, 4), [4, 4, 5, 5]);
  t.ok((atOnce[11] ?? 0) > 8);
  t.equal(
    atOnce.findIndex((calls, n) => calls > (atOnce[n - 1] ?? 4) + 2),
    -1,
    'never by leaps',
  );
});

t.test('a refusal closes it for as long as was asked, then lets exactly one probe through', async (t) => {
  const pacer = open();
  pacer.refused(pacer.enter(start), 'quota', 2_000, start);
  t.equal(pacer.cause(), 'quota');
  t.equal(pacer.opensAt(start), start + 2_100);
  t.equal(pacer.room(start + 2_099), 0);
  t.equal(pacer.room(start + 2_100), 1);
  t.equal(pacer.state(start + 2_100).state, 'probing');
  pacer.enter(start + 2_100);
  t.equal(pacer.room(start + 60_000), 0);
  t.equal(pacer.opensAt(start + 2_100), Number.POSITIVE_INFINITY, 'whoever waits now waits for the probe');
});

t.test('a probe that is refused pauses it again, for longer', async (t) => {
  const pacer = open();
  let now = start;
  const waits: number[] = [];
  for (let n = 0; n < 4; n++) {
    pacer.refused(pacer.enter(now), 'quota', null, now);
    waits.push(pacer.opensAt(now) - now);
    now = pacer.opensAt(now);
    t.equal(pacer.room(now), 1);
  }
  t.strictSame(waits, [250, 750, 1_750, 3_750]);
});

t.test('after a pause calls come back slowly, each success making room for one more', async (t) => {
  const pacer = open();
  pacer.refused(pacer.enter(start), 'connection', null, start);
  const later = start + 60_000;
  const room: number[] = [];
  for (let round = 0; round < 3; round++) {
    const passes = enterAll(pacer, later);
    room.push(passes.length);
    for (const pass of passes) pacer.succeeded(pass, later);
  }
  t.strictSame(room, [1, 2, 4]);
  t.equal(pacer.cause(), null);
  t.equal(pacer.state(later).rate, null, 'a connection teaches nothing about rates');
});

t.test('an attempt from before the pause opens nothing, but can make it longer', async (t) => {
  const pacer = open();
  const [first, early, late] = [pacer.enter(start), pacer.enter(start), pacer.enter(start)];
  pacer.refused(first, 'quota', 1_000, start);
  pacer.succeeded(early, start);
  t.equal(pacer.room(start + 5_000), 1);
  pacer.refused(late, 'quota', 9_000, start);
  t.equal(pacer.opensAt(start), start + 9_000);
  t.equal(pacer.room(start + 9_000), 1);
});

t.test('refusals of one burst are one incident', async (t) => {
  const pacer = open();
  const passes = enterAll(pacer, start);
  for (const pass of passes) pacer.refused(pass, 'quota', null, start);
  t.equal(pacer.opensAt(start), start + 250);
});

t.test('attempts that were in flight at the pause are allowed for', async (t) => {
  const pacer = open();
  const [first, ...others] = enterAll(pacer, start);
  pacer.refused(first as Pass, 'connection', null, start);
  const later = start + 60_000;
  pacer.succeeded(pacer.enter(later), later);
  t.equal(pacer.room(later), 0, 'three are still on their way');
  for (const pass of others) pacer.succeeded(pass, later);
  t.equal(pacer.room(later), 2);
});

t.test('a probe that told nothing makes room for another', async (t) => {
  const pacer = open();
  pacer.refused(pacer.enter(start), 'quota', 1_000, start);
  pacer.inconclusive(pacer.enter(start + 1_050));
  t.equal(pacer.room(start + 1_050), 1);
  t.equal(pacer.cause(), 'quota');
});

t.test('a known rate is never exceeded, from the first call on and after a refusal', async (t) => {
  const pacer = open({ concurrency: 32, knownRate: 20 });
  const before = run(pacer, start, 20_000);
  const reopenedAt = refuseOnce(pacer, start + 20_050);
  const starts = [...before, start + 20_050, reopenedAt, ...run(pacer, reopenedAt + 5, 60_000)];
  t.ok(before.length >= 395, 'but it is used');
  for (const ms of [1_000, 5_000, 30_000]) {
    const most = Math.max(...starts.map((from) => starts.filter((at) => at >= from && at < from + ms).length));
    t.ok(most <= (20 * ms) / 1_000 + 1, `${most} within ${ms} ms`);
  }
});

t.test('it gives way to refusals, too, and comes back', async (t) => {
  const pacer = open({ concurrency: 32, knownRate: 20 });
  let now = start;
  for (let n = 0; n < 5; n++) {
    run(pacer, now, 2_000);
    now = refuseOnce(pacer, now + 2_050) + 5;
  }
  t.ok((pacer.state(now).rate ?? 20) < 15);
  run(pacer, now, 120_000);
  t.ok((pacer.state(now).rate ?? 0) > 18);
});

t.test('what was granted before the first refusal is where the rate begins', async (t) => {
  const pacer = open({ concurrency: 32 });
  for (let now = start; now < start + 5_000; now += 100) pacer.succeeded(pacer.enter(now), now);
  const now = refuseOnce(pacer, start + 5_000, null);
  const { rate } = pacer.state(now);
  t.ok(rate !== null && rate > 7 && rate < 11, `${rate}`);
});

t.test('a rate that is far too low rises while somebody waits', async (t) => {
  const pacer = open({ concurrency: 32 });
  const now = refuseOnce(pacer, start, 60_000);
  t.ok((pacer.state(now).rate ?? 1) <= 0.05, 'one call a minute is all that is known');
  run(pacer, now, 60_000);
  t.ok((pacer.state(now).rate ?? 0) > 10);
});

t.test('while nobody waits for it, it stays where it is', async (t) => {
  const pacer = open({ concurrency: 32 });
  const now = refuseOnce(pacer, start, 60_000);
  const { rate } = pacer.state(now);
  pacer.room(now + 3_600_000);
  t.equal(pacer.state(now).rate, rate);
});

t.test('what was learned survives a restart', async (t) => {
  const before = open({ concurrency: 32 });
  const now = refuseOnce(before, start + run(before, start, 5_000).length, null);
  const after = open({ concurrency: 32 });
  after.adopt(JSON.parse(JSON.stringify(before.memory())), before.period, now);
  const learned = before.state(now);
  t.ok(learned.rate !== null);
  t.match(after.state(now), { rate: learned.rate, burst: learned.burst, inFlightLimit: learned.inFlightLimit });
  t.ok(after.room(now + 60_000) >= 1, 'and is used at once, however long that took');
});

t.test('so does the knowledge that there was never a limit', async (t) => {
  const before = open({ concurrency: 32 });
  run(before, start, 2_000);
  const after = open({ concurrency: 32 });
  after.adopt(JSON.parse(JSON.stringify(before.memory())), before.period, start);
  t.match(after.state(start), { rate: null, state: 'open' });
  t.ok(after.room(start) > 4);
});

t.test('a pause survives as well, and its end begins with one probe', async (t) => {
  const before = open();
  before.refused(before.enter(start), 'quota', 60_000, start);
  const after = open();
  after.adopt(JSON.parse(JSON.stringify(before.memory())), before.period, start + 10_000);
  t.match(after.state(start + 10_000), { state: 'paused', cause: 'quota', closedAt: start });
  t.equal(after.opensAt(start + 10_000), before.opensAt(start));
  const now = after.opensAt(start + 10_000);
  t.equal(after.room(now), 1);
  after.succeeded(after.enter(now), now);
  t.equal(after.state(now).state, 'open');
});

t.test('who takes the lead over in a pause keeps what the one before had learned', async (t) => {
  const pacer = open({ concurrency: 32 });
  const other = open({ concurrency: 32 });
  run(pacer, start, 5_000);
  const now = refuseOnce(pacer, start + 5_000, null);
  pacer.play({ leads: false, mayProbe: false, share: 0.5 });
  other.adopt(pacer.memory(), pacer.period, now);
  other.refused(other.enter(now), 'quota', 1_000, now);
  pacer.adopt(other.memory(), other.period, now + 5);
  const { rate } = pacer.state(now);
  pacer.play({ leads: true, mayProbe: false, share: 0.5 });
  pacer.hear({ granted: 1, isPaced: false, refusal: null, reopened: pacer.period }, now + 2_000);
  t.match(pacer.state(now + 2_000), { state: 'open', rate });
});

t.test('what others were granted and refused is learned from, though this process sends nothing', async (t) => {
  const pacer = open({ concurrency: 32 });
  const nothing = { granted: 0, isPaced: false, refusal: null, reopened: null };
  for (let n = 1; n <= 10; n++) pacer.hear({ ...nothing, granted: 10 }, start + n * 500);
  const refusal = { cause: 'quota', retryAfterMs: null, inFlight: 4, isPaced: true, period: 0 } as const;
  pacer.hear({ ...nothing, refusal }, start + 5_000);
  t.equal(pacer.state(start + 5_000).state, 'paused');
  pacer.hear({ ...nothing, granted: 1, reopened: pacer.period }, start + 5_600);
  const { rate } = pacer.state(start + 5_600);
  t.ok(rate !== null && rate > 15 && rate < 25, `${rate}`);
});

t.test('a process that has a share of the rate sends its share', async (t) => {
  const pacer = open({ concurrency: 20, knownRate: 20 });
  pacer.play({ leads: false, mayProbe: false, share: 0.25 });
  const starts = run(pacer, start, 20_000).length;
  t.ok(starts >= 98 && starts <= 102, `${starts} of 100`);
  t.match(pacer.state(start), { rate: 20, share: 0.25 }, 'what is shown is the rate of all');
});

t.test('whose turn it is not to probe waits for the word of the one that does', async (t) => {
  const pacer = open();
  pacer.play({ leads: false, mayProbe: false, share: 0.5 });
  pacer.refused(pacer.enter(start), 'quota', 1_000, start);
  t.equal(pacer.room(start + 60_000), 0);
  t.equal(pacer.opensAt(start + 60_000), Number.POSITIVE_INFINITY);
});
