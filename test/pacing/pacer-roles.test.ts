import t from 'tap';
import { enterAll, open, refuseOnce, run, start } from './pacer-rig.ts';

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
  before.throttled(before.enter(start), 60_000, start);
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
  other.throttled(other.enter(now), 1_000, now);
  pacer.adopt(other.memory(), other.period, now + 5);
  const { learned } = pacer.memory();
  pacer.play({ leads: true, mayProbe: false, share: 0.5 });
  pacer.hear({ granted: 1, bound: 0, isPaced: false, refusal: null, reopened: pacer.period }, now + 2_000);
  t.equal(pacer.state(now + 2_000).state, 'open');
  t.strictSame(pacer.memory().learned, learned);
});

t.test('what others were granted and refused is learned from, though this process sends nothing', async (t) => {
  const pacer = open({ concurrency: 32 });
  const nothing = { granted: 0, bound: 0, isPaced: false, refusal: null, reopened: null };
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
  pacer.throttled(pacer.enter(start), 1_000, start);
  t.equal(pacer.room(start + 60_000), 0);
  t.equal(pacer.opensAt(start + 60_000), Number.POSITIVE_INFINITY);
});

t.test('places of what is configured are filled as gently as all of it would be', async (t) => {
  const pacer = open({ concurrency: 32 });
  pacer.play({ leads: false, mayProbe: false, share: 0.5, places: 16 });
  t.equal(pacer.room(start), 2, 'half of the four with which one alone begins');
  t.equal(pacer.holds, 16, 'but nobody else may have the others');
  for (let now = start; now < start + 60_000; now += 50) {
    const passes = enterAll(pacer, now);
    t.equal(pacer.room(now), 0);
    for (const pass of passes) pacer.succeeded(pass, now);
    t.ok(pacer.state(now).places <= 16);
  }
  t.equal(pacer.state(start).places, 16);
  pacer.play({ leads: false, mayProbe: false, share: 0.5, places: 0 });
  t.equal(pacer.room(start + 60_000), 0);
});

t.test('a known limit on calls in flight is raised by the leader alone, and not in a pause', async (t) => {
  const limited = (leads: boolean) => {
    const pacer = open({ concurrency: 32, knownRate: 1_000 });
    pacer.adopt({ ...pacer.memory(), inFlightLimit: 2 }, pacer.period, start);
    pacer.play({ leads, mayProbe: true, share: 0.5, places: 2 });
    return pacer;
  };
  const limitAfterGrants = (leads: boolean) => {
    const pacer = limited(leads);
    for (let now = start; now < start + 10_000; now += 100) {
      const passes = enterAll(pacer, now);
      pacer.room(now);
      for (const pass of passes) pacer.succeeded(pass, now);
    }
    return pacer.state(start + 10_000).inFlightLimit;
  };
  t.equal(limitAfterGrants(false), 2, 'who follows has what it was told');
  t.ok(limitAfterGrants(true) > 2, 'who leads tries more');

  const pacer = limited(true);
  pacer.throttled(pacer.enter(start), 1_000, start);
  const { inFlightLimit } = pacer.state(start);
  pacer.hear({ granted: 40, bound: 40, isPaced: false, refusal: null, reopened: null }, start + 10);
  t.equal(pacer.state(start).inFlightLimit, inFlightLimit, 'what was granted before a refusal says nothing against it');
});
