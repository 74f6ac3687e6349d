import t from 'tap';
import { createInflow } from '../../src/pacing/inflow.ts';

const start = Date.UTC(2026, 0, 1);

t.test('what comes in a usual second counts for the lanes below', async (t) => {
  const inflow = createInflow();
  for (let second = 0; second < 20; second++) {
    for (let n = 0; n < 3; n++) inflow.arrived('critical', start + second * 1_000);
    for (let n = 0; n < 5; n++) inflow.arrived('normal', start + second * 1_000);
    inflow.arrived('bulk', start + second * 1_000);
    if (second === 2) t.equal(inflow.above('bulk', start + 2_500).perSecond, 0, 'two seconds tell nothing yet');
  }
  const now = start + 20_000;
  t.strictSame(
    (['critical', 'normal', 'bulk'] as const).map((lane) => inflow.above(lane, now).perSecond),
    [0, 3, 8],
  );
  t.equal(inflow.above('bulk', now + 20_000).perSecond, 0, 'it has dried up');
});

t.test('a thousand at once are no inflow', async (t) => {
  const inflow = createInflow();
  inflow.arrived('normal', start);
  for (let n = 0; n < 1_000; n++) inflow.arrived('normal', start + 9_000);
  t.equal(inflow.above('bulk', start + 20_000).perSecond, 0);
});

t.test('few that come now and then are counted, too', async (t) => {
  const inflow = createInflow();
  for (let second = 0; second < 20; second++) if (second % 4 === 0) inflow.arrived('critical', start + second * 1_000);
  t.equal(inflow.above('normal', start + 20_000).perSecond, 0.25);
});

t.test('it is known for how long they have been coming; after a long silence they have just begun', async (t) => {
  const inflow = createInflow();
  for (let second = 0; second <= 60; second++) inflow.arrived('normal', start + second * 1_000);
  inflow.arrived('critical', start + 60_000);
  t.equal(inflow.above('bulk', start + 60_000).lastsMs, 60_000);
  t.equal(inflow.above('normal', start + 65_000).lastsMs, 5_000, 'in the highest lane since then');
  inflow.arrived('normal', start + 100_000);
  t.equal(inflow.above('bulk', start + 103_000).lastsMs, 3_000);
  t.equal(inflow.above('bulk', start + 200_000).lastsMs, 0, 'nothing comes');
});
