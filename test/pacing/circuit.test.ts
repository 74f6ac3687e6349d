import t from 'tap';
import { createBreakers } from '../../src/pacing/breakers.ts';
import { type Circuit, createCircuit } from '../../src/pacing/circuit.ts';

const start = Date.UTC(2026, 0, 1);

const throttle = (random: () => number) => createCircuit({ cause: 'quota', random });
const line = (random: () => number) => createCircuit({ cause: 'connection', random });

/** How long each pause is, if every probe is refused as soon as it may go. */
function pauses(circuit: Circuit, count: number, retryAfterMs: number | null = null) {
  const waits: number[] = [];
  for (let now = start; waits.length < count; now = circuit.pausedUntil) {
    circuit.refused(retryAfterMs, now);
    waits.push(circuit.pausedUntil - now);
  }
  return waits;
}

t.test('it is open, paused, probing, and open again', async (t) => {
  const circuit = throttle(() => 0.5);
  t.equal(circuit.phase(start), 'open');
  circuit.refused(2_000, start);
  t.equal(circuit.pausedUntil, start + 2_100, 'a twentieth later, by the jitter');
  t.equal(circuit.phase(start + 2_099), 'paused');
  t.equal(circuit.phase(start + 2_100), 'probing');
  t.match(circuit, { isClosed: true, closedAt: start, period: 1 });
  circuit.reopen(start + 2_200);
  t.match(circuit, { isClosed: false, period: 1 });
  t.equal(circuit.phase(start + 2_200), 'open');
});

t.test('a whole pause, with all its probes, began with the first refusal', async (t) => {
  const circuit = throttle(() => 0.5);
  pauses(circuit, 3);
  t.match(circuit, { closedAt: start, period: 3 });
});

t.test('a connection that cannot be made is tried after 1 s doubling to 30 s', async (t) => {
  const longest = line(() => 1);
  t.strictSame(pauses(longest, 7), [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  const half = line(() => 0.5);
  t.strictSame(pauses(half, 3), [500, 1_000, 2_000]);
  const days = line(() => 1);
  pauses(days, 1_000);
  t.equal(days.isExhausted, false, 'that is no quota');
});

t.test('a pause that was too short is not tried again', async (t) => {
  const circuit = throttle(() => 0.5);
  t.strictSame(pauses(circuit, 4), [250, 750, 1_750, 3_750]);
});

t.test('what was left of a long window says nothing about the next pause', async (t) => {
  const circuit = throttle(() => 0.5);
  pauses(circuit, 7);
  circuit.reopen(circuit.pausedUntil);
  const now = circuit.pausedUntil + 60_000;
  circuit.refused(null, now);
  t.ok(circuit.pausedUntil - now <= 2_750, `${circuit.pausedUntil - now} ms`);
  circuit.refused(null, now + 10_000, { isAlike: false });
  t.equal(circuit.pausedUntil - now - 10_000, 500, 'nothing at all, where windows are known to be long');
});

t.test('the pause that sufficed is where the next one begins, and a little less each time', async (t) => {
  const circuit = throttle(() => 0);
  circuit.refused(null, start);
  circuit.refused(null, start + 400);
  t.equal(circuit.pausedUntil, start + 800, '400 ms were too short');
  circuit.reopen(start + 800);
  const pauseAt = (now: number) => {
    circuit.refused(null, now);
    const ms = circuit.pausedUntil - now;
    circuit.reopen(circuit.pausedUntil);
    return ms;
  };
  t.strictSame([pauseAt(start + 10_000), pauseAt(start + 20_000), pauseAt(start + 30_000)], [400, 320, 256]);
});

/** Three refusals, and open again after so long. */
function closeFor(circuit: Circuit, ms: number, at: number, kind = {}) {
  circuit.refused(null, at, kind);
  circuit.refusedToo(null, start, false);
  circuit.refusedToo(null, start, false);
  circuit.reopen(at + ms);
}

t.test('a throttle that holds no further call against anybody is asked again soon after one too many', async (t) => {
  const circuit = throttle(() => 1);
  const pauseAt = (now: number, kind = {}) => {
    circuit.refused(null, now, kind);
    const ms = circuit.pausedUntil - now;
    circuit.reopen(circuit.pausedUntil);
    return ms;
  };
  t.equal(pauseAt(start, { isSpaced: true }), 500, 'nobody knows yet');
  closeFor(circuit, 1_500, start + 10_000);
  t.equal(circuit.isLenient, false, 'half a second more for each');
  closeFor(circuit, 1_000, start + 20_000);
  t.equal(circuit.isLenient, true);
  t.equal(pauseAt(start + 30_000), 500, 'after a burst, or at a rate that was far too high');
  t.equal(pauseAt(start + 40_000, { isSpaced: true }), 100);

  const now = start + 50_000;
  circuit.refused(null, now, { isSpaced: true });
  circuit.refused(null, now + 100);
  t.equal(circuit.pausedUntil - now, 400, 'twice as long, and not shorter than what proved too short');
  circuit.refused(null, now + 400);
  circuit.refused(null, now + 1_100);
  t.equal(circuit.pausedUntil - now, 1_100 + 700 + 4_000, 'after three it was more than one call too many');
  circuit.reopen(now + 5_800);
  t.equal(circuit.isLenient, false, 'it may be that each probe made it longer');
  t.equal(pauseAt(start + 70_000, { isSpaced: true }), 500);
});

t.test('a pause that another process saw begin says nothing about how lenient the throttle is', async (t) => {
  const circuit = throttle(() => 1);
  circuit.refused(null, start);
  circuit.refusedToo(null, start, false);
  circuit.refusedToo(null, start, false);
  circuit.adopt({ isClosed: false, pausedUntil: 0, closedAt: start, failures: 0 }, 7);
  circuit.adopt({ isClosed: true, pausedUntil: start + 20_000, closedAt: start + 19_000, failures: 1 }, 8);
  circuit.reopen(start + 20_000);
  t.equal(circuit.isLenient, false);

  closeFor(circuit, 1_000, start + 30_000);
  circuit.refused(null, start + 40_000, { isSpaced: true });
  circuit.adopt({ isClosed: false, pausedUntil: 0, closedAt: start + 40_000, failures: 0 }, 9);
  circuit.adopt({ isClosed: true, pausedUntil: start + 50_000, closedAt: start + 49_000, failures: 1 }, 10);
  circuit.refused(null, start + 50_000);
  t.equal(circuit.pausedUntil - start - 50_000, 2_000, 'twice half a second, after what proved too short: a second');
});

t.test('a short pause that was too short is remembered for its kind alone', async (t) => {
  const circuit = throttle(() => 0);
  closeFor(circuit, 1_000, start);
  circuit.refused(null, start + 10_000, { isSpaced: true });
  circuit.refused(null, start + 10_060);
  circuit.reopen(start + 10_120);
  const now = start + 20_000;
  circuit.refused(null, now, { isSpaced: true });
  t.equal(circuit.pausedUntil - now, 60);
  circuit.reopen(now + 60);
  circuit.refused(null, now + 10_000);
  t.equal(circuit.pausedUntil - now - 10_000, 0);
});

t.test('what the server states is kept to; nothing stated, or nothing at all, is no help', async (t) => {
  t.strictSame(
    pauses(
      throttle(() => 0),
      1,
      7_000,
    ),
    [7_000],
  );
  t.strictSame(
    pauses(
      throttle(() => 1),
      1,
      7_000,
    ),
    [7_700],
  );
  t.strictSame(
    pauses(
      throttle(() => 1),
      1,
      0,
    ),
    [500],
  );
  const tooSmall = pauses(
    throttle(() => 0.5),
    6,
    20,
  );
  t.ok((tooSmall[5] ?? 0) > 5_000, 'one that keeps proving too short is not believed');
});

t.test('after eight probes in vain the quota is used up: ever rarer, at most every 5 minutes', async (t) => {
  for (const random of [0, 0.5, 0.999]) {
    const circuit = throttle(() => random);
    pauses(circuit, 7);
    t.equal(circuit.isExhausted, false);
    const waits = pauses(
      throttle(() => random),
      20,
    );
    for (const [n, ms] of waits.entries()) {
      t.ok(ms >= 0.85 * Math.max(...waits.slice(0, n)), 'never more often again, but for the jitter');
    }
    t.ok(waits.every((ms) => ms <= 300_000));
    t.ok((waits[19] ?? 0) >= 225_000, 'in the end hardly ever');
  }
  const circuit = throttle(() => 0.5);
  pauses(circuit, 8);
  t.equal(circuit.isExhausted, true);
  circuit.reopen(start + 900_000);
  t.equal(circuit.isExhausted, false);
});

t.test('what is stated counts for a quota that is used up, too', async (t) => {
  const waits = pauses(
    throttle(() => 1),
    12,
    290_000,
  );
  t.ok(waits.every((ms) => ms >= 290_000));
});

t.test('a connection that was down for long does not make the first 429 an exhausted quota', async (t) => {
  const { quota, connection } = createBreakers({ random: () => 1 });
  pauses(connection, 20);
  const now = connection.pausedUntil;
  connection.reopen(now);
  quota.refused(null, now);
  t.equal(quota.isExhausted, false);
  t.equal(quota.pausedUntil, now + 500);
});

t.test('without a connection and throttled, the longer pause counts, and both must be tried', async (t) => {
  const breakers = createBreakers({ random: () => 0 });
  const { quota, connection } = breakers;
  t.match(breakers, { isOpen: true, cause: null, pausedUntil: 0, closedAt: null });
  quota.refused(5_000, start);
  connection.refused(null, start + 1_000);
  t.match(breakers, { isOpen: false, cause: 'connection', pausedUntil: start + 5_000, closedAt: start });
  t.equal(breakers.phase(start + 4_999), 'paused');
  t.equal(breakers.phase(start + 5_000), 'probing');
  t.strictSame([breakers.mayProbe(true), breakers.mayProbe(false)], [true, false]);
  const probe = breakers.enter();
  t.equal(breakers.mayProbe(true), false, 'one at a time');
  connection.leave(probe.connection);
  connection.refused(null, start + 5_000);
  t.equal(breakers.mayProbe(true), false, 'the probe still counts for the quota');
  quota.leave(probe.quota);
  t.equal(breakers.mayProbe(true), true);
  quota.reopen(start + 6_000);
  t.match(breakers, { cause: 'connection', closedAt: start + 1_000 });
  t.equal(breakers.mayProbe(false), true, 'whether it reaches CommBox, each process finds out for itself');
});

t.test('an attempt from before the pause can make it longer, never shorter', async (t) => {
  const circuit = throttle(() => 0);
  circuit.extend(start + 9_000);
  t.equal(circuit.phase(start), 'open', 'nor begin one');
  circuit.refused(1_000, start);
  circuit.extend(start + 9_000);
  t.equal(circuit.pausedUntil, start + 9_000);
  circuit.extend(start + 2_000);
  t.equal(circuit.pausedUntil, start + 9_000);
  t.equal(circuit.period, 1);
});

t.test('another process goes on with a pause where this one stands', async (t) => {
  const [here, there] = [throttle(() => 0.5), throttle(() => 0.5)];
  pauses(here, 9);
  there.adopt(JSON.parse(JSON.stringify(here.snapshot())), here.period);
  t.match(there, { isClosed: true, pausedUntil: here.pausedUntil, closedAt: start, period: 9, isExhausted: true });
});
