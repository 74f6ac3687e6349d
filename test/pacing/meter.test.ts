import t from 'tap';
import { type Allowance, createMeter } from '../../src/pacing/meter.ts';

const start = Date.UTC(2026, 0, 1);

/** When calls start within this time, if one always waits. */
function startsWithin(ms: number, allowance: Allowance, isFresh = true): number[] {
  const meter = createMeter(() => allowance);
  if (isFresh) meter.reset(1, start);
  const starts: number[] = [];
  for (let now = start; now < start + ms; now = Math.max(now, meter.opensAt(now))) {
    for (; meter.room(now) > 0; meter.take(now)) starts.push(now - start);
  }
  return starts;
}

t.test('calls are spaced evenly', async (t) => {
  t.strictSame(startsWithin(500, { rate: 10, burst: 1 }), [0, 100, 200, 300, 400]);
  t.equal(startsWithin(60_000, { rate: 7, burst: 1 }).length, 420);
  t.equal(startsWithin(100_000, { rate: 0.05, burst: 1 }).length, 5);
});

t.test('what was not used is saved up, as far as the burst goes and no further', async (t) => {
  const meter = createMeter(() => ({ rate: 10, burst: 5 }));
  t.equal(meter.room(start), 5, 'nothing was sent for a long time');
  t.strictSame(
    Array.from({ length: 5 }, () => meter.take(start)),
    [true, true, true, true, false],
    'all but the last went ahead of the rate',
  );
  t.equal(meter.room(start), 0);
  t.ok(Math.abs(meter.opensAt(start) - start - 91) <= 1, 'a tenth of a second, less what a timer may be late');
  t.equal(meter.room(start + 400), 4);
});

t.test('two who read the clock a moment apart do not make the rate higher', async (t) => {
  for (const burst of [1, 20]) {
    const meter = createMeter(() => ({ rate: 20, burst }));
    meter.reset(1, start);
    let calls = 0;
    for (let now = start; now < start + 60_000; now++) {
      for (; meter.room(now) > 0; meter.take(now)) calls++;
      meter.opensAt(now + 1);
      meter.opensAt(now);
    }
    t.ok(calls <= 1_200 + burst, `${calls} calls in a minute at 20 a second`);
  }
});

t.test('a clock that is set back stops nothing', async (t) => {
  const meter = createMeter(() => ({ rate: 20, burst: 1 }));
  meter.reset(1, start + 3_600_000);
  meter.take(start + 3_600_000);
  t.ok(meter.opensAt(start) <= start + 100);
});

t.test('a timer that is late costs nothing', async (t) => {
  const meter = createMeter(() => ({ rate: 100, burst: 1 }));
  meter.reset(1, start);
  let calls = 0;
  for (let now = start; now < start + 10_000; now = meter.opensAt(now) + 6) {
    for (; meter.room(now) > 0; meter.take(now)) calls++;
  }
  t.ok(calls >= 990 && calls <= 1_001, `${calls} of 1000`);
});

t.test('what a stall held up is caught up with, yet no second sees more than the rate', async (t) => {
  const meter = createMeter(() => ({ rate: 20, burst: 1 }));
  meter.reset(1, start);
  const starts: number[] = [];
  let now = start;
  for (let n = 0; now < start + 60_000; n++) {
    for (; meter.room(now) > 0; meter.take(now)) starts.push(now);
    now = meter.opensAt(now) + (n % 25 === 0 ? 60 : 0);
  }
  t.ok(starts.length >= 1_195, `${starts.length} of 1200`);
  for (const [n, at] of starts.entries()) {
    const before = starts[n - 20];
    if (before !== undefined && at - before < 1_000) t.fail(`21 calls in ${at - before} ms`);
  }
});

t.test('without a rate all may go, and nothing is counted', async (t) => {
  const meter = createMeter(() => ({ rate: Number.POSITIVE_INFINITY, burst: 1 }));
  for (let n = 0; n < 1_000; n++) if (meter.take(start)) t.fail('there is no rate to be ahead of');
  t.equal(meter.room(start), Number.POSITIVE_INFINITY);
  t.equal(meter.opensAt(start), start);
});

t.test('after a pause it goes on with what it is told', async (t) => {
  const meter = createMeter(() => ({ rate: 10, burst: 20 }));
  meter.reset(3, start);
  t.equal(meter.room(start), 3);
  meter.reset(0, start - 250);
  t.equal(meter.room(start), 2, 'counted from when the probe began');
});

t.test('whoever comes when it says finds it open', async (t) => {
  for (const rate of [0.07, 3, 19.86, 333]) {
    const meter = createMeter(() => ({ rate, burst: 1 }));
    for (let now = start, n = 0; n < 200; n++) {
      if (meter.room(now) === 0) now = meter.opensAt(now);
      if (meter.room(now) < 1) t.fail(`closed at ${rate}/s`);
      meter.take(now);
    }
  }
});
