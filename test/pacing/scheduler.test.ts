import t from 'tap';
import { createRig, nameOf, tally } from './scheduler-rig.ts';

t.test('nobody goes while nobody has something to send', async (t) => {
  const { scheduler, next, activate, deactivate } = createRig();
  t.equal(next(), null);
  activate('normal shop');
  activate('normal shop');
  t.equal(scheduler.size, 1);
  t.strictSame([...scheduler.flows()].map(nameOf), ['normal shop']);
  t.equal(next(), 'normal shop');
  deactivate('normal shop');
  deactivate('normal shop');
  deactivate('bulk nobody');
  t.equal(scheduler.size, 0);
  t.equal(next(), null);
});

t.test('a whole message can stand for its flow, and is not kept', async (t) => {
  const { scheduler } = createRig();
  scheduler.activate({ lane: 'bulk', caller: 'news', text: 'hello' } as { lane: 'bulk'; caller: string });
  t.strictSame(scheduler.next(), { lane: 'bulk', caller: 'news' });
});

t.test('a one-time password goes before a campaign, whatever was sent before', async (t) => {
  const { run, next, activate, deactivate } = createRig(['bulk news', 'normal shop']);
  for (const slots of [0, 1, 7, 50, 333]) {
    run(slots);
    activate('critical login');
    t.ok([next(), next()].includes('critical login'), `after ${slots} slots`);
    deactivate('critical login');
  }
});

t.test('lower lanes wait, yet get every 19th slot each', async (t) => {
  const counts = tally(
    createRig(['critical login', 'normal shop', 'bulk news'], { login: { criticalShare: 1 } }).run(1_000),
  );
  t.strictSame(Object.fromEntries(counts), { 'critical login': 896, 'normal shop': 52, 'bulk news': 52 });
});

t.test('a lane that was idle does not get its floor in advance', async (t) => {
  const rig = createRig(['critical login', 'critical bank'], { login: { criticalShare: 1 } });
  rig.run(500);
  rig.activate('bulk news');
  t.equal(rig.run(18).indexOf('bulk news'), -1);
  t.equal(rig.next(), 'bulk news');
  rig.run(15);
  rig.deactivate('bulk news');
  rig.activate('bulk news');
  t.equal(rig.run(18).indexOf('bulk news'), -1, 'what it was about to get is gone');
});

t.test('slots of a lane follow the weights, fractions too, and a change at once', async (t) => {
  const rig = createRig(['normal a', 'normal b', 'normal c'], { a: { weight: 2 }, b: { weight: 0.5 } });
  t.strictSame(Object.fromEntries(tally(rig.run(700))), { 'normal a': 400, 'normal b': 100, 'normal c': 200 });
  rig.policies['b'] = { weight: 6 };
  t.equal(tally(rig.run(900)).get('normal b'), 600);
});

t.test('a burst of critical messages goes in front as a whole; more waits for its share', async (t) => {
  const rig = createRig(['normal shop', 'normal mail', 'critical login']);
  const first = rig.run(21);
  t.equal(tally(first).get('critical login'), 20, 'all but the slot that is the floor of the lane below');

  // Half of the slots by its cap, and of the other half a third, as one of three callers of weight 1.
  const later = tally(rig.run(600)).get('critical login') ?? 0;
  t.ok(Math.abs(later - 400) <= 5, `${later} of 600`);
});

t.test('a caller with a small critical share cannot push others aside; one with the whole can', async (t) => {
  const login = (criticalShare: number, weight = 0.01) => {
    const rig = createRig(['critical login', 'normal shop'], { login: { criticalShare, weight } });
    rig.run(200);
    return tally(rig.run(1_000)).get('critical login') ?? 0;
  };
  t.ok(Math.abs(login(0.1) - 109) <= 2, 'its 10 %, and next to nothing of the rest');
  t.ok(Math.abs(login(0.8) - 802) <= 2);
  t.equal(login(1), 947, 'all but the floor');
  t.ok(Math.abs(login(0.1, 1) - 550) <= 3, 'the excess competes by the weight of the caller');
});

t.test('two callers at their caps share what the lane gets', async (t) => {
  const counts = tally(createRig(['critical a', 'critical b', 'normal c'], { a: { weight: 9 } }).run(2_000));
  t.ok((counts.get('critical b') ?? 0) > 850, 'the heavier one is held at half');
  t.ok((counts.get('critical a') ?? 0) > 850);
});

t.test(
  'what callers send above their caps is shared by weight, also while the lane below lives on its floor',
  async (t) => {
    const weights = { a: 8, b: 4, c: 2, d: 1 };
    const all = Object.fromEntries(
      Object.entries(weights).map(([name, weight]) => [name, { weight, criticalShare: 0.15 }]),
    );
    const rig = createRig([...Object.keys(all).map((name) => `critical ${name}`), 'normal d'], all);
    rig.run(100);
    const counts = tally(rig.run(10_000));
    t.ok(Math.abs((counts.get('normal d') ?? 0) - 526) <= 2, 'its floor, which is more than its share');
    const excess = 10_000 * (1 - 4 * 0.15 - 1 / 19);
    for (const [name, weight] of Object.entries(weights)) {
      const got = (counts.get(`critical ${name}`) ?? 0) - 10_000 * 0.15;
      t.ok(Math.abs(got - (excess * weight) / 15) < 40, `${name}: ${got} of ${(excess * weight) / 15}`);
    }
  },
);

t.test('who goes above its cap later than others has no arrears there', async (t) => {
  const rig = createRig(['critical a', 'normal n'], { a: { criticalShare: 0.1 }, b: { criticalShare: 0.1 } });
  rig.run(2_000);
  rig.activate('critical b');
  rig.run(40);
  const counts = tally(rig.run(300));
  const [a = 0, b = 0] = [counts.get('critical a'), counts.get('critical b')];
  t.ok(Math.abs(a - b) <= 4, `${a} and ${b}`);
});

t.test('the excess goes first where nobody else wants the slot, and before bulk', async (t) => {
  t.equal(tally(createRig(['critical a']).run(100)).get('critical a'), 100);
  t.equal(tally(createRig(['critical a', 'bulk b']).run(190)).get('critical a'), 180);
});

t.test('a smaller critical share does not linger once it is raised', async (t) => {
  const rig = createRig(['critical a', 'normal b'], { a: { criticalShare: 0.01, weight: 0.01 } });
  rig.run(100);
  rig.policies['a'] = { criticalShare: 0.9, weight: 0.01 };
  t.ok((tally(rig.run(200)).get('critical a') ?? 0) > 165);
});

t.test('after a rest of the account, the critical burst is whole again', async (t) => {
  const rig = createRig(['critical a', 'normal b']);
  rig.run(200);
  rig.deactivate('critical a');
  rig.deactivate('normal b');
  rig.activate('critical a');
  rig.activate('normal b');
  t.equal(tally(rig.run(18)).get('critical a'), 18);
});

t.test('what is stopped does not go, and comes back without credit', async (t) => {
  const rig = createRig(['normal a', 'normal b', 'normal c', 'bulk a']);
  rig.stopped.add('a');
  t.strictSame([...tally(rig.run(100)).keys()].sort(), ['normal b', 'normal c']);
  rig.stopped.clear();
  const counts = tally(rig.run(33));
  for (const name of ['normal a', 'normal b', 'normal c']) {
    t.ok(Math.abs((counts.get(name) ?? 0) - 10) <= 1, name);
  }
  for (const lane of ['normal', 'bulk']) rig.stopped.add(lane);
  t.equal(rig.next(), null);
  rig.stopped.delete('bulk');
  t.equal(rig.next(), 'bulk a');
});

t.test('a single flow that is stopped does not go', async (t) => {
  const rig = createRig(['normal a']);
  rig.stopped.add('normal a');
  t.equal(rig.next(), null);
  rig.stopped.clear();
  t.equal(rig.next(), 'normal a');
});

t.test('one of a thousand stopped flows goes on as soon as it may', async (t) => {
  const names = Array.from({ length: 1_000 }, (_, n) => `bulk c${n}`);
  const rig = createRig(names);
  rig.stopped.add('bulk');
  t.equal(rig.next(), null);
  for (const name of names) if (name !== 'bulk c700') rig.stopped.add(name);
  rig.stopped.delete('bulk');
  t.equal(rig.next(), 'bulk c700');
});

t.test('a slot that nobody else wanted costs nothing, and giving it back brings nothing', async (t) => {
  const rig = createRig(['normal a', 'normal b']);
  rig.run(600);
  rig.deactivate('normal b');
  rig.run(300);
  rig.activate('normal b');
  for (let n = 0; n < 20; n++) rig.refund('normal a');
  const counts = tally(rig.run(10));
  t.strictSame([counts.get('normal a'), counts.get('normal b')], [5, 5]);
});

t.test('a lane that was idle holds no debt against who used it last', async (t) => {
  const rig = createRig(['normal a', 'bulk z'], { a: { weight: 0.01 } });
  t.equal(rig.next(), 'normal a');
  rig.deactivate('normal a');
  rig.run(5);
  rig.activate('normal b');
  rig.activate('normal a');
  t.ok(rig.run(2).includes('normal a'));
});
