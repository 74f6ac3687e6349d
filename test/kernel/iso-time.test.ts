import t from 'tap';
import { createIsoTime } from '../../src/kernel/iso-time.ts';

t.test('a time is written as Date does it', async (t) => {
  const isoTime = createIsoTime();
  const start = Date.UTC(2026, 11, 31, 23, 59, 58);
  for (const at of [
    start,
    start + 7,
    start + 65,
    start + 999,
    start + 1_000,
    start + 2_000,
    start,
    start + 378.890625,
  ]) {
    t.equal(isoTime(at), new Date(at).toISOString());
  }
});
