import t from 'tap';
import { createPacer } from '../../src/pacing/pacer.ts';
import { createRig, sent, throttled, unclear, unreachable } from './dispatcher-rig.ts';

type Rig = ReturnType<typeof createRig>;

/** Another process of the account was refused, and the leader tells this one. */
function hearOfPause({ pacer, dispatcher, clock }: Rig, retryAfterMs: number) {
  const other = createPacer({ random: () => 0.5, concurrency: 4, knownRate: null });
  other.throttled(other.enter(clock.now()), retryAfterMs, clock.now());
  pacer.adopt(other.memory(), other.period, clock.now());
  dispatcher.wake();
}

t.test('a pause that another replica met is told at once to all whose patience it exceeds', async (t) => {
  const rig = createRig({ concurrency: 1 });
  const { submit, submitKeyed, clock, open, starts, settled } = rig;
  submit();
  const waiting = [submit(), submitKeyed(), submit({ caller: 'other' })];
  const patient = submitKeyed({ patienceEndsAt: clock.now() + 100_000 });
  await clock.advance(100);
  hearOfPause(rig, 60_000);
  await clock.advance(0);
  for (const message of waiting) {
    t.match(message, { state: 'failed', failure: { code: 'commbox_throttled', outcome: 'not_sent' } });
    t.ok((message.failure?.retryAfterMs ?? 0) >= 60_000);
  }
  t.equal(settled.length, waiting.length);
  t.equal(patient.state, 'queued');
  open[0]?.end(sent);
  await clock.advance(65_900);
  t.equal(starts.at(-1)?.id, patient.id, 'it is the probe');
});

t.test('one that had its turn when the pause began is told so as soon as the store has answered', async (t) => {
  const rig = createRig();
  const { submitKeyed, holdStore, clock, starts, settled } = rig;
  const release = holdStore();
  const message = submitKeyed();
  await clock.advance(10);
  hearOfPause(rig, 60_000);
  await clock.advance(10);
  t.equal(message.state, 'queued', 'it may have begun');
  release();
  await clock.advance(0);
  t.match(message, { state: 'failed', failure: { code: 'commbox_throttled' } });
  t.equal(settled.length, 1);
  t.equal(starts.length, 0);
});

t.test('a pause that grows is told to those that it did not concern before', async (t) => {
  const { submit, open, clock } = createRig({ concurrency: 2 });
  for (let n = 0; n < 2; n++) submit();
  const waiting = submit();
  open[0]?.end(throttled(1_000));
  await clock.advance(100);
  t.equal(waiting.state, 'queued');
  open[1]?.end(throttled(30_000));
  await clock.advance(0);
  t.match(waiting, { state: 'failed', failure: { code: 'commbox_throttled' } });
});

t.test('CommBox counts as reached when its answer does not come', async (t) => {
  const { submit, answer, pacer, clock, starts } = createRig();
  answer(() => unreachable);
  submit();
  await clock.advance(20_000);
  t.equal(pacer.state(clock.now()).alarm, 'unreachable');
  answer(() => unclear);
  const { length } = starts;
  for (let n = 0; n < 3; n++) submit({ patienceEndsAt: clock.now() + 60_000 });
  await clock.advance(40_000);
  t.match(pacer.state(clock.now()), { state: 'open', cause: null, alarm: null });
  t.equal(starts.length, length + 3);
});
