import t from 'tap';
import { createInflow } from '../../src/pacing/inflow.ts';

const start = Date.UTC(2026, 0, 1);

t.test('what comes in a usual second counts for the lanes below', async (t) => {
  const inflow = createInflow();
  for (let second = 0; second < 20; second++) {
    for (let n = 0; n < 3; n++) inflow.arrived('critical', start + second * 1_000);
    for (let n = 0; n < 5; n++) inflow.arrived('normal', start + second * 1_000);
    inflow.arrived('bulk', start + second * 1_000);
    if (second === 2) t.equal(inflow.above('bulk', start + 2_500), 0, 'two seconds tell nothing yet');
  }
  const now = start + 20_000;
  t.strictSame([inflow.above('critical', now), inflow.above('normal', now), inflow.above('bulk', now)], [0, 3, 8]);
  t.equal(inflow.above('bulk', now + 11_000), 0, 'it has dried up');
});

t.test('a thousand at once are no inflow', async (t) => {
  const inflow = createInflow();
  inflow.arrived('normal', start);
  for (let n = 0; n < 1_000; n++) inflow.arrived('normal', start + 9_000);
  t.equal(inflow.above('bulk', start + 20_000), 0);
});
