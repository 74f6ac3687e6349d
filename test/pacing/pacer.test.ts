import t from 'tap';
import type { Pass } from '../../src/pacing/pacer.ts';
import type { PacingAlarm } from '../../src/pacing/pacer-state.ts';
import { enterAll, open, refuseOnce, run, start } from './pacer-rig.ts';

t.test('while nothing was ever refused nobody is held back, whatever the rate', async (t) => {
  const pacer = open({ concurrency: 1_000 });
  for (let n = 0; n < 10_000; n++) {
    if (pacer.opensAt(start) > start) t.fail('somebody had to wait');
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

t.test('slow calls are soon as many as may be', async (t) => {
  const pacer = open({ concurrency: 32 });
  const tookMs = 1_000;
  let starts = 0;
  const passes: Pass[] = [];
  for (let now = start; now < start + 6_000; now += 10) {
    while (passes[0] !== undefined && now - passes[0].startedAt >= tookMs) {
      pacer.succeeded(passes.shift() as Pass, now);
      for (; pacer.room(now) > 0; starts++) passes.push(pacer.enter(now));
    }
    if (now === start) for (; pacer.room(now) > 0; starts++) passes.push(pacer.enter(now));
  }
  t.ok(starts > 100, `${starts} of at most 192 in six seconds`);
});

t.test('a refusal closes it for as long as was asked, then lets exactly one probe through', async (t) => {
  const pacer = open();
  pacer.throttled(pacer.enter(start), 2_000, start);
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
    pacer.throttled(pacer.enter(now), null, now);
    waits.push(pacer.opensAt(now) - now);
    now = pacer.opensAt(now);
    t.equal(pacer.room(now), 1);
  }
  t.strictSame(waits, [250, 750, 1_750, 3_750]);
});

t.test('after a pause calls come back slowly, each success making room for one more', async (t) => {
  const pacer = open();
  pacer.unreached(pacer.enter(start), start);
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

t.test('calls overtake one another: those that started after the refused one were in its way, too', async (t) => {
  const pacer = open({ concurrency: 32 });
  const [first, second, third, fourth] = enterAll(pacer, start) as [Pass, Pass, Pass, Pass];
  for (const pass of [first, second, fourth]) pacer.succeeded(pass, start + 20);
  pacer.throttled(third, null, start + 25);
  t.equal(pacer.state(start + 25).inFlightLimit, 3, 'one fewer than the four of which it was refused');
});

t.test('an attempt from before the pause opens nothing, but can make it longer', async (t) => {
  const pacer = open();
  const [first, early, late] = [pacer.enter(start), pacer.enter(start), pacer.enter(start)];
  pacer.throttled(first, 1_000, start);
  pacer.succeeded(early, start);
  t.equal(pacer.room(start + 5_000), 1);
  pacer.throttled(late, 9_000, start);
  t.equal(pacer.opensAt(start), start + 9_000);
  t.equal(pacer.room(start + 9_000), 1);
});

t.test('refusals of one burst are one incident', async (t) => {
  const pacer = open();
  const passes = enterAll(pacer, start);
  for (const pass of passes) pacer.throttled(pass, null, start);
  t.equal(pacer.room(pacer.opensAt(start)), 1);
  pacer.throttled(pacer.enter(start + 5_000), null, start + 5_000);
  t.equal(pacer.opensAt(start + 5_000), start + 5_000 + 2_500 + 500, 'the second back-off, and not the fifth');
});

t.test(
  'where nothing is known of a throttle, each further call that it refused at once makes the pause longer',
  async (t) => {
    const pauseAfter = (pacer: ReturnType<typeof open>, at: number, retryAfterMs: number | null, calls = 4) => {
      const passes = Array.from({ length: calls }, () => pacer.enter(at));
      for (const pass of passes) pacer.throttled(pass, retryAfterMs, at);
      return pacer.opensAt(at) - at;
    };
    const pacer = open();
    const pauseMs = pauseAfter(pacer, start, null);
    t.equal(pauseMs, 250 + 3 * 250, 'each may have made the throttle last longer');
    t.equal(pauseAfter(open(), start, 2_000), 2_100, 'a wait that was stated is what counts');
    t.equal(pauseAfter(open(), start, null, 32), 3_000, 'of very many, no longer than a few failed probes');
    const opened = start + pauseMs;
    pacer.succeeded(pacer.enter(opened), opened);
    const later = opened + 60_000;
    for (let at = opened; at < later; at += 1_000) pacer.succeeded(pacer.enter(at), at);
    t.equal(pauseAfter(pacer, later, null), 250, 'by now it is known how long it lasts');
  },
);

t.test('attempts that were in flight at the pause are allowed for', async (t) => {
  const pacer = open();
  const [first, ...others] = enterAll(pacer, start);
  pacer.unreached(first as Pass, start);
  const later = start + 60_000;
  pacer.succeeded(pacer.enter(later), later);
  t.equal(pacer.room(later), 0, 'three are still on their way');
  for (const pass of others) pacer.succeeded(pass, later);
  t.equal(pacer.room(later), 2);
});

t.test('a probe that told nothing makes room for another', async (t) => {
  const pacer = open();
  pacer.throttled(pacer.enter(start), 1_000, start);
  pacer.inconclusive(pacer.enter(start + 1_050));
  t.equal(pacer.room(start + 1_050), 1);
  t.equal(pacer.cause(), 'quota');
});

t.test('a call that reached CommBox ends the pause for want of a connection, whatever came of it', async (t) => {
  const pacer = open();
  pacer.unreached(pacer.enter(start), start);
  const later = start + 60_000;
  pacer.unclear(pacer.enter(later), later);
  t.equal(pacer.cause(), null);
  t.match(pacer.state(later), { state: 'open', alarm: null });
});

t.test('a call of which nobody knows what came does not end a throttle', async (t) => {
  const pacer = open();
  pacer.throttled(pacer.enter(start), 1_000, start);
  pacer.unclear(pacer.enter(start + 1_050), start + 1_050);
  t.equal(pacer.cause(), 'quota');
  t.equal(pacer.room(start + 1_050), 1, 'and another may probe');
});

t.test('a connection that is lost while CommBox throttles leaves the pause as it is', async (t) => {
  const pacer = open();
  const [first, late] = [pacer.enter(start), pacer.enter(start)];
  pacer.throttled(first, 10_000, start);
  pacer.unreached(late, start + 100);
  t.equal(pacer.cause(), 'connection');
  t.equal(pacer.opensAt(start + 100), start + 10_500);
  const probe = pacer.enter(start + 10_500);
  pacer.throttled(probe, 10_000, start + 10_500);
  t.equal(pacer.cause(), 'quota', 'who is told to wait has a connection');
  t.equal(pacer.memory().circuit.failures, 2);
});

t.test('operators hear of a lost connection and of a used-up quota, once, and of their end', async (t) => {
  const alarms: (PacingAlarm | null)[] = [];
  const pacer = open({ onAlarm: (alarm) => alarms.push(alarm) });
  let now = start;
  const probe = (end: (pass: Pass) => void) => {
    now = Math.max(now, pacer.opensAt(now));
    end(pacer.enter(now));
  };
  probe((pass) => pacer.succeeded(pass, now));
  for (let n = 0; n < 3; n++) probe((pass) => pacer.unreached(pass, now));
  probe((pass) => pacer.succeeded(pass, now));
  for (let n = 0; n < 7; n++) probe((pass) => pacer.throttled(pass, null, now));
  t.strictSame(alarms, ['unreachable', null], 'a short throttle is none');
  for (let n = 0; n < 3; n++) probe((pass) => pacer.throttled(pass, null, now));
  probe((pass) => pacer.succeeded(pass, now));
  t.strictSame(alarms, ['unreachable', null, 'exhausted', null]);
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
