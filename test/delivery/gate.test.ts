import t from 'tap';
import { createGate } from '../../src/delivery/gate.ts';

const now = 1_000_000;
const open = (concurrency = 4) => createGate({ random: () => 0.5, concurrency });

t.test('an open gate holds nobody back', async (t) => {
  const gate = open();
  for (let n = 0; n < 100; n++) gate.enter();
  t.equal(gate.opensAt(now), now);
  t.equal(gate.room(now), Number.POSITIVE_INFINITY);
  t.equal(gate.cause(), null);
});

t.test('a refusal closes it for as long as was asked, then lets one probe through', async (t) => {
  const gate = open();
  gate.refused(gate.enter(), 'quota', 2_000, now);
  t.equal(gate.cause(), 'quota');
  t.equal(gate.opensAt(now), now + 2_100, 'a twentieth later, by the jitter');
  t.equal(gate.room(now + 2_099), 0);
  t.equal(gate.room(now + 2_100), 1);
  gate.enter();
  t.equal(gate.room(now + 2_100), 0);
  t.equal(gate.opensAt(now + 2_100), Number.POSITIVE_INFINITY, 'whoever waits now waits for the probe');
});

t.test('each success doubles what may go at once, until the gate is open', async (t) => {
  const gate = open(4);
  gate.refused(gate.enter(), 'connection', null, now);
  const later = now + 60_000;
  const room: number[] = [];
  for (let round = 0; round < 2; round++) {
    const passes = Array.from({ length: gate.room(later) }, () => gate.enter());
    for (const pass of passes) gate.succeeded(pass);
    room.push(gate.room(later));
  }
  t.strictSame(room, [2, Number.POSITIVE_INFINITY]);
  t.equal(gate.cause(), null);
});

t.test('refusals in a row wait longer and longer, of both kinds', async (t) => {
  for (const [cause, waits] of [
    ['quota', [250, 500, 1_000, 2_000]],
    ['connection', [500, 1_000, 2_000, 4_000]],
  ] as const) {
    const gate = open();
    let at = now;
    for (const wait of waits) {
      gate.refused(gate.enter(), cause, null, at);
      t.equal(gate.opensAt(at) - at, wait);
      at = gate.opensAt(at);
    }
  }
});

t.test('an attempt from before the pause opens nothing, but can make it longer', async (t) => {
  const gate = open();
  const [first, early, late] = [gate.enter(), gate.enter(), gate.enter()];
  gate.refused(first, 'quota', 1_000, now);
  gate.succeeded(early);
  t.equal(gate.room(now + 5_000), 1);
  gate.refused(late, 'quota', 9_000, now);
  t.equal(gate.opensAt(now), now + 9_000);
  gate.enter();
  gate.inconclusive(early);
  t.equal(gate.room(now + 9_000), 0, 'the probe alone counts');
});

t.test('a probe that told nothing makes room for another', async (t) => {
  const gate = open();
  gate.refused(gate.enter(), 'quota', 1_000, now);
  const probe = gate.enter();
  gate.inconclusive(probe);
  t.equal(gate.room(now + 2_000), 1);
  t.equal(gate.cause(), 'quota');
});
