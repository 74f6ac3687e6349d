import t from 'tap';
import { createGroupRig, type Member } from './group-rig.ts';

/** How many calls may start now, in all processes together. */
const roomOf = (members: readonly Member[]) => members.reduce((sum, member) => sum + member.room(), 0);
const sum = (members: readonly Member[]) => members.reduce((total, member) => total + member.share(), 0);
const near = (value: number, wanted: number) => Math.abs(value - wanted) < 0.03;

t.test('a process that is alone has all of the rate', async (t) => {
  const { join } = createGroupRig({ knownRate: 20 });
  const alone = await join('a');
  t.match(alone.pacer.state(0), { share: 1, rate: 20 });
});

t.test('each has the part of the rate that it has messages for, and together they have it once', async (t) => {
  const { join, clock } = createGroupRig({ knownRate: 20 });
  const members = [await join('a', 90), await join('b', 10), await join('c', 0)];
  await clock.advance(1_000);
  const [a, b, c] = members.map((member) => member.share()) as [number, number, number];
  t.ok(near(a, 0.87) && near(b, 0.11) && near(c, 0.02), `${a} ${b} ${c}`);
  t.ok(c > 0, 'whoever has nothing can begin without asking');
  t.ok(near(sum(members), 1));
  members[2]?.want(100);
  await clock.advance(1_000);
  t.ok(near(members[2]?.share() ?? 0, 0.49), 'and has its part within a second');
  t.ok(near(sum(members), 1));
});

t.test('while there is no limit the load may come anywhere', async (t) => {
  const { join, clock } = createGroupRig();
  const members = [await join('a', 100), await join('b', 0)];
  await clock.advance(6_000);
  t.ok((members[1]?.share() ?? 0) >= 0.25);
});

t.test('a newcomer begins with next to nothing, not with a rate of its own', async (t) => {
  const { join } = createGroupRig({ knownRate: 20 });
  const members = [await join('b', 10), await join('c', 10)];
  t.ok(near(sum(members), 1));
  const first = await join('a', 10);
  t.ok(near(sum([first, ...members]), 1), 'even one that will lead');
});

t.test('a refusal in any of them pauses all, within milliseconds', async (t) => {
  for (const refused of [0, 1, 2]) {
    const { join, clock } = createGroupRig();
    const members = [await join('a'), await join('b'), await join('c')];
    await clock.advance(1_000);
    members[refused]?.refuse();
    await clock.advance(5);
    t.strictSame(
      members.map((member) => member.state()),
      ['paused', 'paused', 'paused'],
    );
  }
});

t.test('without the store, whoever waited for the probe of another is told that it may probe', async (t) => {
  const { join, clock, breakStore } = createGroupRig();
  const [leader, follower] = [await join('a'), await join('b')];
  await clock.advance(1_000);
  leader.refuse();
  await clock.advance(3_000);
  t.equal(follower.room(), 0, 'the probe is the leader’s');
  breakStore(true);
  const before = follower.timesAllowed();
  await clock.advance(3_000);
  t.equal(follower.room(), 1);
  t.ok(follower.timesAllowed() > before);
});

t.test('one probe goes out among all, and its success opens all', async (t) => {
  const { join, clock } = createGroupRig();
  const members = [await join('a', 0), await join('b', 5), await join('c', 90)];
  await clock.advance(1_000);
  members[1]?.refuse();
  await clock.advance(2_000);
  t.equal(roomOf(members), 0);
  await clock.advance(500);
  t.equal(roomOf(members), 1);
  const prober = members.find((member) => member.room() === 1);
  t.equal(prober?.name, 'c', 'it is given to one that has something to send');
  prober?.succeed();
  await clock.advance(5);
  t.strictSame(
    members.map((member) => member.state()),
    ['open', 'open', 'open'],
  );
});

t.test('a probe that is refused pauses all again', async (t) => {
  const { join, clock } = createGroupRig();
  const members = [await join('a', 0), await join('b', 5)];
  await clock.advance(1_000);
  members[0]?.refuse();
  await clock.advance(2_500);
  members[1]?.refuse(30_000);
  await clock.advance(5_000);
  t.equal(roomOf(members), 0);
  t.strictSame(
    members.map((member) => member.state()),
    ['paused', 'paused'],
  );
});

t.test('one that loses its connection pauses alone, and leaves its part and the probe to the others', async (t) => {
  const { join, clock } = createGroupRig({ knownRate: 20 });
  const [a, b] = [await join('a'), await join('b')];
  await clock.advance(1_000);
  a.loseConnection();
  await clock.advance(1_000);
  t.match(
    [a, b].map((member) => member.pacer.cause()),
    ['connection', null],
  );
  t.ok(b.share() > 0.9);
  b.refuse();
  await clock.advance(5);
  t.ok(a.pacer.state(clock.now()).pausedUntil === b.pacer.state(clock.now()).pausedUntil, 'but it hears of a 429');
  await clock.advance(2_500);
  t.equal(b.room(), 1, 'whoever leads');
  b.succeed();
  await clock.advance(1_000);
  t.match(
    [a, b].map((member) => member.pacer.cause()),
    ['connection', null],
  );
  t.equal(a.room(), 1, 'and tries by itself');
  a.succeed();
  await clock.advance(1_000);
  t.equal(a.pacer.cause(), null);
  t.ok(near(a.share(), 0.5));
});

t.test('what one learns all know', async (t) => {
  const { join, clock } = createGroupRig();
  const [a, b] = [await join('a', 0), await join('b', 50)];
  for (let n = 0; n < 40; n++) {
    b.succeed();
    await clock.advance(50);
  }
  b.refuse(null);
  await clock.advance(2_000);
  b.succeed();
  await clock.advance(5);
  const { rate } = a.pacer.state(clock.now());
  t.ok(rate !== null && rate > 5, 'the leader learned it, though it has sent nothing');
  t.equal(b.pacer.state(clock.now()).rate, rate);
});

t.test('the rate rises while others wait for it, though nothing waits at the leader', async (t) => {
  const { join, clock } = createGroupRig();
  const [a, b] = [await join('a', 0), await join('b', 50)];
  b.refuse(null);
  await clock.advance(1_000);
  b.succeed();
  for (let n = 0; n < 200; n++) {
    if (b.room() > 0) b.succeed();
    await clock.advance(100);
  }
  t.ok((a.pacer.state(clock.now()).rate ?? 0) > 5);
});

t.test('when the leader dies in a pause another one probes, and takes the whole rate', async (t) => {
  const { join, clock } = createGroupRig({ knownRate: 20 });
  const [a, b, c] = [await join('a'), await join('b'), await join('c')];
  await clock.advance(1_000);
  c.refuse(null);
  await clock.advance(5);
  a.die();
  await clock.advance(5_000);
  t.equal(roomOf([b, c]), 0, 'the probe was the leader’s');
  await clock.advance(12_000);
  t.equal(roomOf([b, c]), 1);
  b.succeed();
  await clock.advance(1_000);
  t.ok(near(sum([b, c]), 1));
  t.equal(c.state(), 'open');
});

t.test('one that ends in good order leaves its share at once, the leader too', async (t) => {
  const { join, clock } = createGroupRig({ knownRate: 20 });
  const [a, b, c] = [await join('a'), await join('b'), await join('c')];
  await clock.advance(1_000);
  await b.leave();
  await clock.advance(5);
  t.ok(near(sum([a, c]), 1));
  await a.leave();
  await clock.advance(5);
  t.equal(c.share(), 1);
});
