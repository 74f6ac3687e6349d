import t from 'tap';
import { createOutlook } from '../../src/delivery/outlook.ts';
import { createPacer } from '../../src/pacing/pacer.ts';
import type { FlowKey } from '../../src/pacing/scheduler.ts';
import { createManualClock } from '../support/manual-clock.ts';

const now = Date.UTC(2026, 0, 1);
const shop = { lane: 'normal', caller: 'shop' } as const;
const news = { lane: 'normal', caller: 'news' } as const;
const otp = { lane: 'critical', caller: 'otp' } as const;
const promo = { lane: 'bulk', caller: 'promo' } as const;

const due = (flow: FlowKey) => ({ ...flow, readyAt: now });
const scheduled = (flow: FlowKey) => ({ ...flow, readyAt: now + 60_000 });

/** What waits and is due: first those in the store, by its own count, then those whose callers wait. */
function setUp(stored: readonly (readonly [FlowKey, number])[], waiting: readonly (readonly [FlowKey, number])[] = []) {
  let isHeld = false;
  const clock = createManualClock(now);
  const stopped = new Set<string>();
  const pacer = createPacer({ random: () => 0, concurrency: 4, knownRate: 10 });
  const outlook = createOutlook({
    clock,
    pacer,
    policy: () => ({ weight: 1, criticalShare: 0.5 }),
    isHeld: () => isHeld,
    isStopped: (_, caller) => stopped.has(caller),
    waiting: () => waiting.map(([flow, count]) => ({ flow, waiting: count })),
  });
  const count = (flows: typeof stored, changes = outlook.changes) =>
    outlook.counted(
      flows.map(([flow, queued]) => ({
        ...flow,
        account: 'default',
        queued: queued + 1_000,
        due: queued,
        firstDueAt: now,
      })),
      changes,
    );
  count(stored);
  return {
    clock,
    pacer,
    outlook,
    count,
    stop: (caller: string) => stopped.add(caller),
    hold: () => {
      isHeld = true;
    },
    position: (flow: FlowKey, own: number | null = null) => outlook.prospect(flow, own, now).position,
  };
}

t.test('the position counts all that goes before, by the rules of the turns', async (t) => {
  const { position } = setUp([[shop, 101]]);
  t.equal(position(shop), 100, 'the last of its own flow');
  t.equal(position(shop, 7), 7, 'one that was accepted earlier');
  const shared = setUp([
    [shop, 11],
    [news, 1_000],
  ]);
  t.ok(Math.abs(shared.position(shop) - 20) <= 1, 'every other turn is another’s, and no more, whatever waits there');
  t.ok(shared.position(otp, 0) <= 1, 'a higher lane waits for nobody below');
});

t.test('those whose callers wait count like those in the store', async (t) => {
  const { position } = setUp([[shop, 3]], [[shop, 4]]);
  t.equal(position(shop), 6);
});

t.test('the start follows from the position and the rate', async (t) => {
  const { outlook } = setUp([[shop, 101]]);
  t.equal(outlook.prospect(shop, null, now).startsAt, now + 10_000);
});

t.test('and from the pause, if there is one', async (t) => {
  const { outlook, pacer } = setUp([[shop, 101]]);
  pacer.throttled(pacer.enter(now), 30_000, now);
  t.equal(outlook.prospect(shop, null, now).startsAt, now + 40_000);
});

t.test('in a lower lane, what keeps coming above it counts, but not what came at once', async (t) => {
  const { outlook, clock } = setUp([[promo, 101]]);
  const startsIn = () => outlook.prospect(promo, null, clock.now()).startsAt - clock.now();
  for (let n = 0; n < 20; n++) {
    outlook.arrived(shop);
    outlook.arrived(otp);
    if (n === 10) for (let batch = 0; batch < 1_000; batch++) outlook.accepted(due(shop));
    await clock.advance(1_000);
  }
  outlook.left(shop, 1_000);
  t.equal(Math.round(startsIn()), 12_500, '8 of 10 slots are left');
  const { position, startsAt } = outlook.prospect(otp, 100, clock.now());
  t.equal(startsAt - clock.now(), position * 100, 'nothing comes above that');
  await clock.advance(20_000);
  t.equal(startsIn(), 10_000, 'and it is forgotten');
});

t.test('it is expected to keep coming for as long again as it has been', async (t) => {
  const { outlook, clock } = setUp([[promo, 101]]);
  const startsIn = () => outlook.prospect(promo, null, clock.now()).startsAt - clock.now();
  const come = async (perSecond: number, seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      for (let each = 0; each < perSecond; each++) outlook.arrived(shop);
      await clock.advance(1_000);
    }
  };
  await come(8, 10);
  t.equal(startsIn(), 18_000, '20 go in 10 s, then 80 in 8 s');
  await come(8, 90);
  t.equal(startsIn(), 50_000, 'what has come for long');
  await come(50, 100);
  t.equal(startsIn(), 190_000, 'its least share is left, whatever comes');
});

t.test('without a rate there is nothing to wait for', async (t) => {
  const outlook = createOutlook({
    clock: createManualClock(now),
    pacer: createPacer({ random: () => 0, concurrency: 4, knownRate: null }),
    policy: () => ({ weight: 1, criticalShare: 0.5 }),
    isHeld: () => false,
    isStopped: () => false,
    waiting: () => [{ flow: shop, waiting: 500 }],
  });
  t.equal(outlook.prospect(shop, null, now).startsAt, now);
});

t.test('nobody knows when an operator lifts a stop; what is stopped is before nobody', async (t) => {
  const { outlook, stop, position } = setUp([
    [shop, 11],
    [news, 1_000],
  ]);
  stop('news');
  t.equal(outlook.prospect(news, null, now).startsAt, Number.POSITIVE_INFINITY);
  t.equal(position(shop), 10);
});

t.test('nobody knows when a key will work that CommBox refuses', async (t) => {
  const { outlook, hold, position } = setUp([[shop, 11]]);
  hold();
  const never = Number.POSITIVE_INFINITY;
  t.match(outlook.prospect(shop, null, now), { waitingFor: 'credentials', startsAt: never, startsAtBest: never });
  t.equal(position(shop), 10, 'whose turn it is stays known');
});

t.test('what is not due yet is before nobody', async (t) => {
  const { outlook, position, clock } = setUp([[shop, 3]]);
  const { changes } = outlook;
  for (let n = 0; n < 600; n++) t.equal(outlook.accepted(scheduled(shop)), 3, 'what is due is before it');
  outlook.accepted(scheduled(news));
  t.equal(outlook.changes, changes, 'no count is outdated by it');
  t.equal(outlook.accepted(due(shop)), 3);
  t.equal(position({ ...promo, caller: 'shop' }), 4);
  t.equal(outlook.prospect(shop, null, now).waitingFor, 'rate', 'it competes with nobody');
  await clock.advance(60_000);
  t.equal(outlook.accepted(scheduled(shop)), 4, 'once its time has come it counts');
  t.equal(outlook.accepted(due(shop)), 5);
});

t.test('each reason to wait has its name', async (t) => {
  const alone = setUp([[shop, 5]]);
  t.equal(alone.outlook.prospect(shop, null, now).waitingFor, 'rate');
  const shared = setUp([
    [shop, 5],
    [news, 5],
  ]);
  t.equal(shared.outlook.prospect(shop, null, now).waitingFor, 'fair_share');
  const stopped = setUp([[shop, 5]]);
  stopped.stop('shop');
  t.equal(stopped.outlook.prospect(shop, null, now).waitingFor, 'paused');
  const { pacer, outlook, hold } = setUp([[shop, 5]]);
  pacer.throttled(pacer.enter(now), null, now);
  t.equal(outlook.prospect(shop, null, now).waitingFor, 'paused');
  hold();
  t.equal(outlook.prospect(shop, null, now).waitingFor, 'credentials', 'which no pause will end');
});

t.test('what comes and goes here counts at once', async (t) => {
  const { outlook, position } = setUp([]);
  t.equal(outlook.accepted(due(shop)), 0);
  t.equal(outlook.accepted(due(shop)), 1, 'one is before it');
  t.equal(outlook.accepted(due(news)), 0);
  outlook.left(news, 1);
  outlook.left(shop, 1);
  outlook.left(shop, 5);
  t.equal(position(otp), 0);
  t.equal(outlook.accepted(due(shop)), 0, 'never fewer than none');
});

t.test('the store’s count corrects what this process cannot know', async (t) => {
  const { count, position } = setUp([[shop, 11]]);
  count([[shop, 41]]);
  t.equal(position(shop), 40);
  count([]);
  t.equal(position(shop), 0);
});

t.test('a count from before something came is outdated, but not for ever', async (t) => {
  const { outlook, count, position } = setUp([[shop, 11]]);
  for (const expected of [11, 12]) {
    const { changes } = outlook;
    outlook.accepted(due(shop));
    count([[shop, 3]], changes);
    t.equal(position(shop), expected);
  }
  const { changes } = outlook;
  outlook.accepted(due(shop));
  count([[shop, 3]], changes);
  t.equal(position(shop), 2, 'where something always comes, it counts all the same');
});

t.test('what was slow so far does not make a wait vain that the allowed rate would end in time', async (t) => {
  const { pacer, outlook } = setUp([[shop, 100]]);
  pacer.throttled(pacer.enter(now), 4_000, now);
  let at = now;
  for (; at < now + 8_000; at += 20) {
    while (pacer.room(at) >= 1) pacer.succeeded(pacer.enter(at), at);
  }
  const rate = pacer.state(at).rate ?? 0;
  const { startsAt, startsAtBest } = outlook.prospect(shop, 100, at);
  t.ok(startsAt - at > 1.5 * (100_000 / rate), `after the pause: ${startsAt - at} ms`);
  t.ok(startsAtBest - at < 1.1 * (100_000 / rate), `at the rate that is allowed now: ${startsAtBest - at} ms`);
});

t.test('one that is accepted comes after those of its flow whose callers wait', async (t) => {
  const { outlook } = setUp(
    [[shop, 2]],
    [
      [shop, 3],
      [news, 7],
    ],
  );
  t.equal(outlook.accepted(due(shop)), 5);
  t.equal(outlook.accepted(due(shop)), 6);
  t.equal(outlook.accepted(due(otp)), 0);
});
