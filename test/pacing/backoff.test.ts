import t from 'tap';
import { backoffMs, connectBackoff, throttleBackoff } from '../../src/pacing/backoff.ts';

t.test('full jitter doubles up to the cap', async (t) => {
  const highest = (failures: number) => backoffMs(throttleBackoff, failures, null, () => 1);
  t.same([1, 2, 3, 7, 50].map(highest), [500, 1000, 2000, 30_000, 30_000]);
  t.equal(
    backoffMs(throttleBackoff, 3, null, () => 0),
    0,
  );
  t.equal(
    backoffMs(connectBackoff, 1, null, () => 0.5),
    500,
  );
});

t.test('a stated wait is never undercut, and stretched by at most a tenth', async (t) => {
  t.equal(
    backoffMs(throttleBackoff, 1, 2000, () => 0),
    2000,
  );
  t.equal(
    backoffMs(throttleBackoff, 9, 2000, () => 1),
    2200,
  );
});
