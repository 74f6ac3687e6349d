import t from 'tap';
import { createPacer } from '../../src/pacing/pacer.ts';

t.test('what little was wanted in a quiet hour does not count against the burst after it', async (t) => {
  const pacer = createPacer({ random: () => 0, concurrency: 32, knownRate: null });
  let now = 1_700_000_000_000;
  for (let i = 0; i < 20; i++, now += 3_000) pacer.succeeded(pacer.enter(now), now + 50);
  // 24 go through within a second, then CommBox has enough.
  for (let sent = 0; sent < 24; now += 40) {
    const passes = Array.from({ length: pacer.room(now) }, () => pacer.enter(now));
    t.equal(pacer.room(now), 0, 'others wait');
    for (const pass of passes) pacer.succeeded(pass, now + 30);
    sent += passes.length;
  }
  pacer.throttled(pacer.enter(now), 1_000, now);
  pacer.succeeded(pacer.enter(now + 1_000), now + 1_030);
  const { rate } = pacer.state(now + 1_030);
  t.ok(rate !== null && rate > 15 && rate < 30, `${rate} a second`);
});
