import t from 'tap';
import { createStartLog } from '../../src/pacing/start-log.ts';

const start = Date.UTC(2026, 0, 1);
/** Calls at an even pace, each answered after so long. */
function log(rate: number, calls: number, tookMs: number) {
  const starts = createStartLog();
  for (let n = 0; n < calls; n++) {
    const at = start + (n * 1_000) / rate;
    starts.started(at);
    starts.answered(at, at + tookMs);
  }
  return starts;
}

t.test('no second sees more calls than the rate allows, however they bunch', async (t) => {
  const starts = createStartLog();
  for (let n = 0; n < 15; n++) starts.started(start);
  for (let n = 0; n < 5; n++) starts.started(start + 300);
  t.equal(starts.opensAt(1, 20), start + 1_000, 'twenty have gone');
  t.equal(starts.opensAt(15, 20), start + 1_000);
  t.equal(starts.opensAt(16, 20), start + 1_300, 'a second after the sixteenth');
  t.equal(starts.opensAt(21, 20), Number.POSITIVE_INFINITY, 'more than a second holds');
});

t.test('while fewer have gone than a second holds, nothing is in the way', async (t) => {
  t.equal(log(20, 19, 30).opensAt(1, 20), Number.NEGATIVE_INFINITY);
});

t.test('below one a second, the last call counts', async (t) => {
  t.equal(log(20, 1, 30).opensAt(1, 0.5), start + 2_000);
});

t.test('a call whose answer took far longer than usual counts as if it had started later', async (t) => {
  const starts = log(20, 100, 30);
  const at = start + 5_000;
  starts.started(at);
  starts.answered(at, at + 90);
  const opensAt = starts.opensAt(20, 20);
  t.ok(opensAt > at + 1_000 + 40 && opensAt <= at + 1_000 + 60, `${opensAt - at} ms`);
});

t.test(
  'an answer of the usual time changes nothing, and one that never comes in sight costs a tenth of a second',
  async (t) => {
    const starts = log(20, 100, 30);
    const at = start + 5_000;
    starts.started(at);
    starts.answered(at, at + 30);
    t.equal(starts.opensAt(20, 20), at + 1_000);
    starts.answered(at, at + 30_000);
    t.equal(starts.opensAt(20, 20), at + 1_100);
  },
);
