import t from 'tap';
import { createRig, sent, throttled } from './dispatcher-rig.ts';

t.test('while nobody waits a message starts at once, and no store is asked for it', async (t) => {
  const { submit, starts, asked, clock } = createRig({ concurrency: 32 });
  for (let n = 0; n < 4; n++) submit();
  t.equal(starts.length, 4);
  t.strictSame(asked, []);
  t.equal(clock.pending, 0, 'no timer either');
});

t.test('the lanes go before each other, whoever came first', async (t) => {
  const { submit, open, answer, ids, clock } = createRig({ concurrency: 1 });
  const first = submit();
  const bulk = submit({ lane: 'bulk', caller: 'news' });
  const normal = submit({ lane: 'normal' });
  const critical = submit({ lane: 'critical', caller: 'otp' });
  answer(() => sent);
  open[0]?.end(sent);
  await clock.advance(0);
  t.strictSame(
    ids(),
    [first, critical, normal, bulk].map(({ id }) => id),
  );
});

t.test('no caller waits behind the line of another', async (t) => {
  const { submit, open, answer, starts, clock } = createRig({ concurrency: 1 });
  submit();
  for (let n = 0; n < 5; n++) submit({ caller: 'news' });
  const late = submit({ caller: 'shop' });
  answer(() => sent);
  open[0]?.end(sent);
  await clock.advance(0);
  t.ok(starts.findIndex(({ id }) => id === late.id) <= 2, 'it shares the turns from the start');
});

t.test('turns follow the weights', async (t) => {
  const policy = (caller: string) => ({ weight: caller === 'big' ? 3 : 1, criticalShare: 0.5 });
  const { submit, open, answer, starts, clock } = createRig({ concurrency: 1, policy });
  submit();
  const big = Array.from({ length: 30 }, () => submit({ caller: 'big' }).id);
  for (let n = 0; n < 30; n++) submit({ caller: 'small' });
  answer(() => sent);
  open[0]?.end(sent);
  await clock.advance(0);
  const early = starts.slice(1, 21).filter(({ id }) => big.includes(id));
  t.equal(early.length, 15);
});

t.test('a flow that an operator has stopped is held, costs the others nothing, and goes on afterwards', async (t) => {
  const { submit, store, stop, answer, ids, clock } = createRig();
  answer(() => sent);
  stop('bulk', true);
  const held = store({ lane: 'bulk', caller: 'news' });
  const other = submit();
  await clock.advance(60_000);
  t.strictSame(ids(), [other.id]);
  stop('bulk', false);
  await clock.advance(0);
  t.strictSame(ids(), [other.id, held]);
});

t.test('who waits itself in a stopped flow is told at once, and not that it was CommBox', async (t) => {
  const { submit, stop, starts } = createRig();
  stop('shop', true);
  t.match(submit(), { state: 'failed', failure: { code: 'overloaded', outcome: 'not_sent', retryAfterMs: 30_000 } });
  t.equal(starts.length, 0);
});

t.test(
  'one that is due within its patience and then cannot start is told what was in the way, not its sendAt',
  async (t) => {
    const { submit, stop, clock, starts } = createRig();
    stop('shop', true);
    const soon = submit({ sendAt: clock.now() + 3_000 });
    const late = submit({ sendAt: clock.now() + 11_000 });
    await clock.advance(10_000);
    t.match(soon, { state: 'failed', failure: { code: 'overloaded', outcome: 'not_sent', retryAfterMs: 30_000 } });
    t.match(late, { state: 'failed', failure: { code: 'invalid_request' } });
    const inNoTime = submit({ patienceEndsAt: clock.now() - 1 });
    t.match(inNoTime, { state: 'failed', failure: { code: 'overloaded' } });
    t.equal(starts.length, 0);
  },
);

t.test('a stop also holds what was waiting already', async (t) => {
  const { submit, stop, open, starts, clock } = createRig({ concurrency: 1 });
  submit();
  const waiting = submit({ caller: 'news' });
  stop('news', true);
  open[0]?.end(sent);
  await clock.advance(5_000);
  t.equal(starts.length, 1);
  stop('news', false);
  t.match(starts[1], { id: waiting.id });
});

t.test('what will not have its turn in time is refused at once, with when it would have had it', async (t) => {
  const { submit, answer, starts, clock } = createRig({ knownRate: 2, concurrency: 32 });
  answer(() => sent);
  const all = Array.from({ length: 40 }, () => submit());
  const vain = all.filter(({ state }) => state === 'failed');
  t.ok(vain.length >= 17 && vain.length <= 19, 'ten seconds are worth 20 turns, and a tenth of doubt');
  t.equal(all[0]?.state === 'failed' || all[18]?.state === 'failed', false, 'those in front wait');
  const waitMs = vain[0]?.failure?.retryAfterMs ?? 0;
  t.match(vain[0]?.failure, { code: 'commbox_throttled', outcome: 'not_sent' });
  t.ok(waitMs > 10_000 && waitMs < 12_000, 'as long as the line is');
  await clock.advance(20_000);
  t.ok(starts.length >= 20, 'no turn was left unused');
  t.ok(starts.length >= 40 - vain.length - 3, 'of those that waited hardly any did so in vain');
  t.equal(all.filter(({ state }) => state === 'sent').length, starts.length, 'what was refused is never sent');
});

t.test('what was refused at once is counted, and kept, nowhere', async (t) => {
  const { submit, answer, dispatcher, clock } = createRig();
  answer(() => throttled(60_000));
  submit();
  await clock.advance(0);
  const patient = submit({ patienceEndsAt: clock.now() + 120_000 });
  for (let n = 0; n < 50; n++) submit();
  t.equal(patient.state, 'queued');
  t.strictSame(dispatcher.waiting(), [{ flow: { lane: 'normal', caller: 'shop' }, waiting: 1 }]);
  t.equal(dispatcher.demand(), 1);
});

t.test('what nobody may send claims no part of the rate', async (t) => {
  const { submit, store, stop, turnCredentials, dispatcher, clock } = createRig({ concurrency: 1 });
  submit();
  submit({ caller: 'news' });
  store({ lane: 'bulk' });
  await clock.advance(0);
  t.equal(dispatcher.demand(), 12);
  stop('news', true);
  t.equal(dispatcher.demand(), 11);
  stop('bulk', true);
  t.equal(dispatcher.demand(), 1, 'the one in flight');
  stop('bulk', false);
  turnCredentials('refused');
  t.equal(dispatcher.demand(), 1);
});

t.test(
  'a message does not overtake one of its line whose start is being recorded, and goes right after it',
  async (t) => {
    const { submitKeyed, submit, answer, ids, holdStore, clock } = createRig();
    answer(() => sent);
    const goOn = holdStore();
    const keyed = submitKeyed();
    const [plain, other] = [submit(), submit({ caller: 'news' })];
    await clock.advance(0);
    t.strictSame(ids(), [other.id], 'nobody else waits for that');
    goOn();
    await clock.advance(0);
    t.strictSame(ids(), [other.id, keyed.id, plain.id]);
  },
);
