import t from 'tap';
import { createGroupRig, type Member } from './group-rig.ts';
import { createRandom } from './simulation.ts';

type Rig = ReturnType<typeof createGroupRig>;

/** Lets a process send what it wants, in calls that take `tookMs`, whenever it may. */
function createSender({ clock }: Rig, member: Member, tookMs: () => number) {
  let inFlight = 0;
  let left = 0;
  let sent = 0;
  return {
    inFlight: () => inFlight,
    sent: () => sent,
    /** So many more messages have come. */
    add(messages: number) {
      left += messages;
    },
    pump() {
      member.want(left + inFlight);
      while (left > 0 && member.room() >= 1) {
        left--;
        inFlight++;
        const pass = member.pacer.enter(clock.now());
        clock.schedule(tookMs(), () => {
          inFlight--;
          sent++;
          member.pacer.succeeded(pass, clock.now());
        });
      }
    },
  };
}

/** Runs for `ms`, and tells the most calls that were in flight at once. `each` runs every 5 ms. */
async function run(rig: Rig, senders: readonly ReturnType<typeof createSender>[], ms: number, each = () => {}) {
  let most = 0;
  for (let passed = 0; passed < ms; passed += 5) {
    each();
    for (const sender of senders) sender.pump();
    most = Math.max(
      most,
      senders.reduce((sum, { inFlight }) => sum + inFlight(), 0),
    );
    await rig.clock.advance(5);
  }
  return most;
}

async function openGroup(concurrency: number, names: readonly string[], tookMs: () => number = () => 100) {
  const rig = createGroupRig({ concurrency });
  const members: Member[] = [];
  for (const name of names) members.push(await rig.join(name, 0));
  await rig.clock.advance(10);
  const senders = members.map((member) => createSender(rig, member, tookMs));
  return { rig, members, senders };
}

t.test('while nothing was ever refused, all together have no more in flight than is configured', async (t) => {
  for (const concurrency of [1, 2, 3, 8, 32]) {
    const random = createRandom(concurrency);
    const { rig, senders } = await openGroup(concurrency, ['a', 'b', 'c'], () => 20 + random() * 400);
    const most = await run(rig, senders, 20_000, () => {
      const busy = senders[Math.floor(random() * 3)];
      if (random() < 0.03) busy?.add(Math.round(random() * 10 * concurrency));
    });
    t.ok(most <= concurrency, `${most} of ${concurrency}`);
    t.ok(most >= concurrency * 0.9, `and they fill it: ${most} of ${concurrency}`);
  }
});

t.test('a single place goes round among those that have something to send', async (t) => {
  const { rig, senders } = await openGroup(1, ['a', 'b', 'c']);
  for (const sender of senders.slice(1)) sender.add(1_000);
  const most = await run(rig, senders, 30_000);
  t.equal(most, 1);
  const [a = 0, b = 0, c = 0] = senders.map(({ sent }) => sent());
  t.equal(a, 0);
  t.ok(b + c > 240, `${b} and ${c} calls of 100 ms in 30 s`);
  t.ok(b > 90 && c > 90, `${b} and ${c}`);
});

t.test('who had nothing to send and no place begins within milliseconds', async (t) => {
  const { rig, senders } = await openGroup(1, ['a', 'b', 'c']);
  for (const sender of senders) {
    sender.add(1);
    await run(rig, [sender], 20);
    t.equal(sender.inFlight(), 1);
    await run(rig, [sender], 3_000);
  }
});

t.test('one that joins while all places are taken waits until a call ends', async (t) => {
  const { rig, senders } = await openGroup(2, ['a']);
  senders[0]?.add(10_000);
  await run(rig, senders, 1_000);
  const late = createSender(rig, await rig.join('b', 10), () => 100);
  late.add(10_000);
  t.ok((await run(rig, [...senders, late], 20_000)) <= 2);
  t.ok(late.sent() > 150, `and has its part: ${late.sent()} calls`);
});

t.test('one that joins when the leader has just died has a place at once', async (t) => {
  const { rig, members } = await openGroup(4, ['a', 'b']);
  members[0]?.die();
  t.equal((await rig.join('c')).room(), 1);
});

t.test('without the store each goes on with its last places', async (t) => {
  const { rig, members, senders } = await openGroup(8, ['a', 'b', 'c']);
  for (const sender of senders) sender.add(100_000);
  await run(rig, senders, 20_000);
  rig.breakStore(true);
  t.ok((await run(rig, senders, 20_000)) <= 8);
  t.ok(members.every((member) => member.pacer.state(rig.clock.now()).places >= 2));
});
