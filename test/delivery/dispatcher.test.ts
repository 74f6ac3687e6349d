import t from 'tap';
import { createRig, refused, sent, throttled, unclear, unreachable } from './dispatcher-rig.ts';

t.test('a message that is taken at once needs no timer', async (t) => {
  const { submit, answer, clock } = createRig();
  answer(() => sent);
  const message = submit();
  t.equal(clock.pending, 0);
  await clock.advance(0);
  t.match(message, { state: 'sent', objectId: '7', attempts: { length: 1 }, failure: null });
});

t.test('the first 429 holds back everyone, and one probe opens the gate again', async (t) => {
  const { submit, open, starts, clock, begin } = createRig();
  submit();
  submit();
  open[0]?.end(throttled(3000));
  await clock.advance(0);
  const third = submit();
  t.equal(starts.length, 2, 'nothing starts while the account is paused');
  open[1]?.end(sent);
  await clock.advance(3299);
  t.equal(starts.length, 2, 'an answer to an earlier attempt opens nothing');
  await clock.advance(1);
  t.equal(starts.length, 3, 'exactly one probe');
  t.match(starts[2], { id: open[2]?.message.id, at: begin + 3300 });
  t.not(open[2]?.message.id, third.id, 'the oldest goes first');
  open[2]?.end(sent);
  await clock.advance(1_000);
  t.equal(starts.length, 4, 'and the others follow, at the rate that is known by now');
});

t.test('order of acceptance survives a refusal', async (t) => {
  const { submit, open, answer, starts, clock } = createRig({ concurrency: 1 });
  const ids = Array.from({ length: 5 }, () => submit().id);
  open[0]?.end(throttled(0));
  answer(() => sent);
  await clock.advance(9_000);
  t.same(
    starts.map(({ id }) => id),
    [ids[0], ...ids],
  );
});

t.test('a wait longer than the patience is told at once, with how long', async (t) => {
  const { submit, answer, clock } = createRig();
  answer(() => throttled(60_000));
  const first = submit();
  await clock.advance(0);
  t.match(first, {
    state: 'failed',
    attempts: { length: 1 },
    failure: { code: 'commbox_throttled', outcome: 'not_sent', retryAfterMs: 66_000 },
  });
  const second = submit();
  t.match(second, { state: 'failed', attempts: { length: 0 }, failure: { code: 'commbox_throttled' } });
});

t.test('whoever waits already hears of a pause that is longer than its patience as soon as it begins', async (t) => {
  const { submit, open, clock } = createRig({ concurrency: 1 });
  const now = clock.now();
  submit();
  const [short, long] = [submit(), submit({ patienceEndsAt: now + 100_000 })];
  const later = submit({ sendAt: now + 5_000 });
  open[0]?.end(throttled(60_000));
  await clock.advance(0);
  t.match(short, { state: 'failed' });
  await clock.advance(5_000);
  for (const message of [short, later]) {
    t.match(message, { state: 'failed', failure: { code: 'commbox_throttled', outcome: 'not_sent' } });
    t.ok((message.failure?.retryAfterMs ?? 0) >= 55_000, `${message.failure?.retryAfterMs}`);
  }
  t.equal(long.state, 'queued');
  await clock.advance(67_000);
  t.equal(open[1]?.message, long);
});

t.test('without Retry-After a message is repeated within the patience, then withdrawn', async (t) => {
  const { submit, answer, starts, clock } = createRig();
  answer(() => throttled(null));
  const message = submit();
  await clock.advance(10_000);
  t.match(message, { state: 'failed', failure: { code: 'commbox_throttled', outcome: 'not_sent' } });
  const gaps = starts.slice(1).map(({ at }, i) => at - (starts[i]?.at ?? 0));
  t.same(gaps, [500, 1500, 3500], 'each time longer than what was too short');
  const { length } = starts;
  await clock.advance(600_000);
  t.equal(starts.length, length, 'a withdrawn message is never sent');
});

t.test('what never reached CommBox is repeated, and called unreachable', async (t) => {
  const { submit, answer, starts, clock } = createRig();
  answer(() => unreachable);
  const message = submit({ patienceEndsAt: Date.UTC(2026, 0, 1) + 2_000 });
  await clock.advance(2_000);
  t.match(message, { state: 'failed', failure: { code: 'commbox_unreachable', outcome: 'not_sent' } });
  t.equal(starts.length, 2);
});

t.test('an unclear attempt is final, unless the caller accepts duplicates', async (t) => {
  const { submit, answer, starts, clock } = createRig();
  answer(() => unclear);
  const hold = submit();
  await clock.advance(0);
  t.match(hold, {
    state: 'unknown',
    attempts: { length: 1 },
    failure: { code: 'commbox_timeout', outcome: 'unknown' },
  });
  const resend = submit({ onUnknown: 'resend', patienceEndsAt: clock.now() + 60_001 });
  await clock.advance(29_999);
  t.equal(starts.length, 2);
  await clock.advance(1);
  t.equal(starts.length, 3, 'again after 30 s');
  answer(() => refused('commbox_rejected', 400));
  await clock.advance(30_000);
  t.equal(starts.length, 4, 'three attempts in all');
  t.match(resend, { state: 'unknown', failure: { outcome: 'unknown' } }, 'never failed once it was unclear');
});

t.test('a resend that would begin after the patience is not waited for', async (t) => {
  const { submit, answer, clock } = createRig();
  answer(() => unclear);
  const message = submit({ onUnknown: 'resend' });
  await clock.advance(0);
  t.match(message, { state: 'unknown', attempts: { length: 1 } });
});

t.test('busy connections are waited for within the patience', async (t) => {
  const { submit, open, clock } = createRig({ concurrency: 1 });
  submit();
  const second = submit();
  await clock.advance(10_000);
  t.match(second, { state: 'failed', attempts: { length: 0 }, failure: { code: 'overloaded', outcome: 'not_sent' } });
  t.equal(open[0]?.message.state, 'sending', 'an attempt in flight is waited for');
});

t.test('a caller that leaves takes back what waits, not what is in flight', async (t) => {
  const { submit, dispatcher, open, starts, clock } = createRig({ concurrency: 1 });
  const first = submit();
  const second = submit();
  dispatcher.withdraw(first);
  dispatcher.withdraw(second);
  t.equal(first.state, 'sending');
  t.equal(second.state, 'failed');
  open[0]?.end(throttled(0));
  await clock.advance(5_000);
  t.match(first, { state: 'failed' }, 'its attempt was refused, and nobody waits for another');
  t.equal(starts.length, 1);
});

t.test('an expired message never takes a slot', async (t) => {
  const { submit, open, starts, clock } = createRig({ concurrency: 1 });
  submit();
  const second = submit({ expiresAt: clock.now() + 1000 });
  await clock.advance(1000);
  open[0]?.end(sent);
  await clock.advance(0);
  t.equal(second.state, 'expired');
  t.equal(starts.length, 1);
});

t.test('whoever waits past its expiry is told at once, and what was in the way', async (t) => {
  type Rig = ReturnType<typeof createRig>;
  const cases: [code: string, detail: RegExp, hinder: (rig: Rig) => void][] = [
    ['overloaded', /connections to CommBox were busy/, () => {}],
    ['overloaded', /paused the sending/, ({ stop }) => stop('normal', true)],
    ['commbox_throttled', /CommBox was throttling/, ({ open }) => open[0]?.end(throttled(5_000))],
    ['commbox_unreachable', /no connection/, ({ open }) => open[0]?.end(unreachable)],
  ];
  for (const [code, detail, hinder] of cases) {
    const rig = createRig({ concurrency: 1 });
    const { submit, clock } = rig;
    const patienceEndsAt = clock.now() + 60_000;
    submit({ patienceEndsAt });
    const brief = submit({ expiresAt: clock.now() + 900, patienceEndsAt });
    hinder(rig);
    await clock.advance(899);
    if (brief.state === 'queued') await clock.advance(1);
    t.match(brief, { state: 'expired', endedAt: clock.now(), failure: { code, detail, outcome: 'not_sent' } }, code);
    t.ok((brief.failure?.retryAfterMs ?? 0) >= 1_000, `${code}: when the next one may go`);
    t.match(brief.failure?.detail, /expiresAt/);
  }
});

t.test('one whose caller waits for the answer of the store ends by its expiry, too', async (t) => {
  const { submit, store, holdStore, open, clock } = createRig({ concurrency: 1 });
  submit();
  const answer = holdStore();
  store();
  const brief = submit({ expiresAt: clock.now() + 1_000 });
  open[0]?.end(sent);
  await clock.advance(1_000);
  answer();
  await clock.advance(0);
  t.match(brief, { state: 'expired', failure: { outcome: 'not_sent' } });
});

t.test('sendAt within the patience is waited for', async (t) => {
  const { submit, starts, clock, begin } = createRig();
  submit({ sendAt: clock.now() + 4000 });
  await clock.advance(4000);
  t.match(starts, [{ at: begin + 4000 }]);
});

t.test('stopping withdraws what waits, lets attempts end, and takes nothing new', async (t) => {
  const { submit, dispatcher, open, clock } = createRig({ concurrency: 1 });
  const first = submit();
  const second = submit();
  const later = submit({ sendAt: clock.now() + 4000 });
  dispatcher.stop();
  let isIdle = false;
  const idle = dispatcher.idle().then(() => {
    isIdle = true;
  });
  t.match([second, later], [{ state: 'failed', failure: { code: 'shutting_down' } }, { state: 'failed' }]);
  t.match(submit(), { state: 'failed', failure: { code: 'shutting_down', outcome: 'not_sent' } });
  await clock.advance(0);
  t.equal(isIdle, false);
  open[0]?.end(throttled(0));
  await idle;
  t.match(first, { state: 'failed', attempts: { length: 1 } });
});
