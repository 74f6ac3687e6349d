import t from 'tap';
import { createGroupRig, type Member } from './group-rig.ts';

t.test('of several calls that are refused, the longest pause that CommBox states holds for all', async (t) => {
  for (const refused of [0, 1]) {
    for (const stated of [
      [1_000, 30_000],
      [30_000, 1_000],
      [30_000, null],
    ]) {
      for (const apartMs of [0, 100]) {
        const { join, clock } = createGroupRig();
        const members = [await join('a'), await join('b')];
        await clock.advance(1_000);
        const { pacer } = members[refused] as Member;
        const from = clock.now();
        for (const [pass, ms] of stated.map((ms) => [pacer.enter(from), ms] as const)) {
          pacer.throttled(pass, ms, clock.now());
          await clock.advance(apartMs);
        }
        await clock.advance(300);
        const until = members.map((member) => (member.pacer.state(clock.now()).pausedUntil ?? 0) - from);
        t.ok(
          until.every((ms) => ms >= 30_000),
          `${refused}: ${stated}, ${apartMs} ms apart: ${until}`,
        );
      }
    }
  }
});

t.test('a pause that is stated late does not begin the earlier one anew', async (t) => {
  for (const refused of [0, 1]) {
    const { join, clock } = createGroupRig();
    const members = [await join('a'), await join('b')];
    await clock.advance(1_000);
    const { pacer } = members[refused] as Member;
    const from = clock.now();
    const [first, late] = [pacer.enter(from), pacer.enter(from)];
    pacer.throttled(first, 30_000, from);
    await clock.advance(20_000);
    pacer.throttled(late, 1_000, clock.now());
    await clock.advance(300);
    const until = members.map((member) => (member.pacer.state(clock.now()).pausedUntil ?? 0) - from);
    t.ok(
      until.every((ms) => ms >= 30_000 && ms <= 33_000),
      `${refused}: ${until}`,
    );
  }
});
