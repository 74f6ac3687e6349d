import t from 'tap';
import { createTrailingSecond } from '../../src/pacing/trailing-second.ts';

t.test('what was granted within a second counts, what went before does not', async (t) => {
  const trailing = createTrailingSecond();
  const start = Date.UTC(2026, 0, 1);
  trailing.add(3, start);
  trailing.add(2, start + 500);
  t.equal(trailing.count(start + 500), 5);
  t.equal(trailing.count(start + 974), 5);
  t.equal(trailing.count(start + 1_000), 2);
  trailing.add(1, start + 1_010);
  t.equal(trailing.count(start + 1_010), 3);
  t.equal(trailing.count(start + 60_000), 0);
});
