import t from 'tap';
import { parseRetryAfter } from '../../src/commbox/retry-after.ts';

const now = Date.parse('2026-01-01T00:00:00Z');

t.test('seconds, bounded', async (t) => {
  t.equal(parseRetryAfter('0', undefined, now), 0);
  t.equal(parseRetryAfter(' 7 ', undefined, now), 7_000);
  t.equal(parseRetryAfter('301', undefined, now), 300_000);
  t.equal(parseRetryAfter('9999999999', undefined, now), 300_000);
});

t.test("a date counts from the answer's own Date, whatever our clock says", async (t) => {
  const until = 'Thu, 01 Jan 2026 00:00:30 GMT';
  t.equal(parseRetryAfter(until, undefined, now), 30_000);
  t.equal(parseRetryAfter(until, 'Thu, 01 Jan 2026 00:00:20 GMT', now + 3_600_000), 10_000);
  t.equal(parseRetryAfter(until, 'nonsense', now), 30_000);
  t.equal(parseRetryAfter('Wed, 31 Dec 2025 23:59:00 GMT', undefined, now), 0);
  t.equal(parseRetryAfter('Fri, 01 Jan 2027 00:00:00 GMT', undefined, now), 300_000);
});

t.test('nonsense is ignored', async (t) => {
  for (const text of [
    undefined,
    '',
    '-1',
    '1.5',
    'soon',
    '99999999999',
    '1e3',
    '2026-01-01',
    'Thu, 99 Foo 2026 00:00:00 GMT',
  ]) {
    t.equal(parseRetryAfter(text, undefined, now), null, String(text));
  }
});
