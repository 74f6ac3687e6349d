import t from 'tap';
import { type Circuit, createCircuit, type PauseCause } from '../../src/pacing/circuit.ts';

const start = Date.UTC(2026, 0, 1);

/** How long each pause is, if every probe is refused as soon as it may go. */
function pauses(circuit: Circuit, count: number, cause: PauseCause = 'quota', retryAfterMs: number | null = null) {
  const waits: number[] = [];
  for (let now = start; waits.length < count; now = circuit.pausedUntil) {
    circuit.refused(cause, retryAfterMs, now);
    waits.push(circuit.pausedUntil - now);
  }
  return waits;
}

t.test('it is open, paused, probing, and open again', async (t) => {
  const circuit = createCircuit({ random: () => 0.5 });
  t.equal(circuit.phase(start), 'open');
  circuit.refused('quota', 2_000, start);
  t.equal(circuit.pausedUntil, start + 2_100, 'a twentieth later, by the jitter');
  t.equal(circuit.phase(start + 2_099), 'paused');
  t.equal(circuit.phase(start + 2_100), 'probing');
  t.match(circuit, { cause: 'quota', closedAt: start, period: 1 });
  circuit.reopen(start + 2_200);
  t.match(circuit, { cause: null, period: 1 });
  t.equal(circuit.phase(start + 2_200), 'open');
});

t.test('a whole pause, with all its probes, began with the first refusal', async (t) => {
  const circuit = createCircuit({ random: () => 0.5 });
  pauses(circuit, 3);
  t.match(circuit, { closedAt: start, period: 3 });
});

t.test('a connection that cannot be made is tried after 1 s doubling to 30 s', async (t) => {
  const longest = createCircuit({ random: () => 1 });
  t.strictSame(pauses(longest, 7, 'connection'), [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  const half = createCircuit({ random: () => 0.5 });
  t.strictSame(pauses(half, 3, 'connection'), [500, 1_000, 2_000]);
  const days = createCircuit({ random: () => 1 });
  pauses(days, 1_000, 'connection');
  t.equal(days.isExhausted, false, 'that is no quota');
});

t.test('a pause that was too short is not tried again', async (t) => {
  const circuit = createCircuit({ random: () => 0.5 });
  t.strictSame(pauses(circuit, 4), [250, 750, 1_750, 3_750]);
});

t.test('the pause that sufficed is where the next one begins, and a little less each time', async (t) => {
  const circuit = createCircuit({ random: () => 0 });
  circuit.refused('quota', null, start);
  circuit.refused('quota', null, start + 400);
  t.equal(circuit.pausedUntil, start + 800, '400 ms were too short');
  circuit.reopen(start + 800);
  const pauseAt = (now: number) => {
    circuit.refused('quota', null, now);
    const ms = circuit.pausedUntil - now;
    circuit.reopen(circuit.pausedUntil);
    return ms;
  };
  t.strictSame([pauseAt(start + 10_000), pauseAt(start + 20_000), pauseAt(start + 30_000)], [400, 320, 256]);
});

t.test('what the server states is kept to; nothing stated, or nothing at all, is no help', async (t) => {
  t.strictSame(pauses(createCircuit({ random: () => 0 }), 1, 'quota', 7_000), [7_000]);
  t.strictSame(pauses(createCircuit({ random: () => 1 }), 1, 'quota', 7_000), [7_700]);
  t.strictSame(pauses(createCircuit({ random: () => 1 }), 1, 'quota', 0), [500]);
  const tooSmall = pauses(createCircuit({ random: () => 0.5 }), 6, 'quota', 20);
  t.ok((tooSmall[5] ?? 0) > 5_000, 'one that keeps proving too short is not believed');
});

t.test('after eight probes in vain the quota is used up: ever rarer, at most every 5 minutes', async (t) => {
  for (const random of [0, 0.5, 0.999]) {
    const circuit = createCircuit({ random: () => random });
    pauses(circuit, 7);
    t.equal(circuit.isExhausted, false);
    const waits = pauses(createCircuit({ random: () => random }), 20);
    for (const [n, ms] of waits.entries()) {
      t.ok(ms >= 0.85 * Math.max(...waits.slice(0, n)), 'never more often again, but for the jitter');
    }
    t.ok(waits.every((ms) => ms <= 300_000));
    t.ok((waits[19] ?? 0) >= 225_000, 'in the end hardly ever');
  }
  const circuit = createCircuit({ random: () => 0.5 });
  pauses(circuit, 8);
  t.equal(circuit.isExhausted, true);
  circuit.reopen(start + 900_000);
  t.equal(circuit.isExhausted, false);
});

t.test('what is stated counts for a quota that is used up, too', async (t) => {
  const waits = pauses(createCircuit({ random: () => 1 }), 12, 'quota', 290_000);
  t.ok(waits.every((ms) => ms >= 290_000));
});

t.test('a connection that was down for long does not make the first 429 an exhausted quota', async (t) => {
  const circuit = createCircuit({ random: () => 1 });
  pauses(circuit, 20, 'connection');
  const now = circuit.pausedUntil;
  circuit.refused('quota', null, now);
  t.equal(circuit.isExhausted, false);
  t.equal(circuit.pausedUntil, now + 500);
});

t.test('an attempt from before the pause can make it longer, never shorter', async (t) => {
  const circuit = createCircuit({ random: () => 0 });
  circuit.extend(start + 9_000);
  t.equal(circuit.phase(start), 'open', 'nor begin one');
  circuit.refused('quota', 1_000, start);
  circuit.extend(start + 9_000);
  t.equal(circuit.pausedUntil, start + 9_000);
  circuit.extend(start + 2_000);
  t.equal(circuit.pausedUntil, start + 9_000);
  t.equal(circuit.period, 1);
});

t.test('another process goes on with a pause where this one stands', async (t) => {
  const [here, there] = [createCircuit({ random: () => 0.5 }), createCircuit({ random: () => 0.5 })];
  pauses(here, 9);
  there.adopt(JSON.parse(JSON.stringify(here.snapshot())), here.period);
  t.match(there, { cause: 'quota', pausedUntil: here.pausedUntil, closedAt: start, period: 9, isExhausted: true });
});
