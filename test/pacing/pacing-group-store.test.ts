import t from 'tap';
import { createGroupRig, type Member } from './group-rig.ts';

/** How many calls may start now, in all processes together. */
const roomOf = (members: readonly Member[]) => members.reduce((sum, member) => sum + member.room(), 0);

t.test('without the store each goes on with its last share, and probes for itself', async (t) => {
  const { join, clock, breakStore } = createGroupRig({ knownRate: 20 });
  const members = [await join('a', 30), await join('b', 70)];
  const b = members[1] as Member;
  await clock.advance(1_000);
  const before = members.map((member) => member.share());
  breakStore(true);
  await clock.advance(60_000);
  t.strictSame(
    members.map((member) => member.share()),
    before,
  );
  b.refuse(1_000);
  await clock.advance(2_000);
  t.equal(b.room(), 1);
  b.succeed();
  t.equal(b.state(), 'open');
  t.match(b.pacer.state(clock.now()), { rate: 20, share: before[1] }, 'its part says nothing about the whole');

  breakStore(false);
  await clock.advance(2_000);
  members[0]?.refuse(1_000);
  await clock.advance(1_500);
  t.equal(roomOf(members), 1, 'together again');
});

t.test('a process without others learns on while its store is away', async (t) => {
  const { join, clock, breakStore } = createGroupRig();
  const alone = await join('a');
  breakStore(true);
  await clock.advance(10_000);
  alone.refuse(null);
  await clock.advance(1_000);
  alone.succeed();
  t.not(alone.pacer.state(clock.now()).rate, null);
});

t.test('a restart remembers the rate, and the pause in force', async (t) => {
  const { join, clock } = createGroupRig();
  const before = await join('z');
  for (let n = 0; n < 40; n++) {
    before.succeed();
    await clock.advance(50);
  }
  before.refuse(null);
  await clock.advance(1_000);
  before.succeed();
  const { rate } = before.pacer.state(clock.now());
  t.not(rate, null);
  before.refuse(120_000);
  await before.leave();
  await clock.advance(60_000);
  const after = await join('a');
  t.match(after.pacer.state(clock.now()), { state: 'paused', cause: 'quota', share: 1, rate });
  await clock.advance(70_000);
  t.equal(after.room(), 1);
});

t.test('so does one that was killed, but for the last second', async (t) => {
  const { join, clock } = createGroupRig();
  const before = await join('z');
  before.refuse(120_000);
  await clock.advance(1_000);
  before.die();
  await clock.advance(30_000);
  const after = await join('a');
  t.equal(after.state(), 'paused');
});
