import t from 'tap';
import { createRig, refused, sent, throttled } from './dispatcher-rig.ts';

t.test('stored messages go as soon as they may, oldest first, and the store is asked only for those', async (t) => {
  const { store, answer, ids, asked, clock } = createRig();
  answer(() => sent);
  const stored = [store(), store(), store()];
  await clock.advance(0);
  t.strictSame(ids(), stored);
  const questions = asked.length;
  await clock.advance(60_000);
  t.equal(asked.length, questions, 'once there is no more, nobody asks');
});

t.test(
  'within a caller and lane the order of acceptance holds across stored messages and those that wait',
  async (t) => {
    const { store, submit, open, answer, ids, clock } = createRig({ concurrency: 1 });
    const first = submit();
    const order = [store(), store(), submit().id, store(), submit().id, store()];
    answer(() => sent);
    open[0]?.end(sent);
    await clock.advance(0);
    t.strictSame(ids(), [first.id, ...order]);
  },
);

t.test('a message whose caller waits does not overtake one that was stored before it', async (t) => {
  const { store, submit, answer, ids, holdStore, clock } = createRig();
  answer(() => sent);
  const goOn = holdStore();
  const stored = store();
  const plain = submit();
  t.strictSame(ids(), []);
  goOn();
  await clock.advance(0);
  t.strictSame(ids(), [stored, plain.id]);
});

t.test('also when one that was next leaves while the store is asked', async (t) => {
  const { store, submit, dispatcher, open, answer, ids, holdStore, clock } = createRig({ concurrency: 1 });
  const first = submit();
  const leaving = submit();
  const stored = store();
  const last = submit();
  const goOn = holdStore();
  answer(() => sent);
  open[0]?.end(sent);
  await clock.advance(0);
  dispatcher.withdraw(leaving);
  goOn();
  await clock.advance(0);
  t.strictSame(ids(), [first.id, stored, last.id]);
});

t.test('what expired or was canceled in the store takes no slot from those behind it', async (t) => {
  const { store, submit, open, drop, answer, ids, clock } = createRig({ concurrency: 1 });
  const first = submit();
  store({ expiresAt: clock.now() + 1_000 });
  const canceled = store();
  const last = submit({ patienceEndsAt: clock.now() + 60_000 });
  drop(canceled);
  await clock.advance(1_000);
  answer(() => sent);
  open[0]?.end(sent);
  await clock.advance(0);
  t.strictSame(ids(), [first.id, last.id]);
});

t.test('one that was canceled or withdrawn while it waited is never sent', async (t) => {
  const { submit, submitKeyed, dispatcher, open, starts, clock } = createRig({ concurrency: 1 });
  submit();
  const [canceled, left, next] = [submit(), submitKeyed(), submit()];
  t.equal(dispatcher.cancel(canceled), true);
  t.equal(dispatcher.cancel(canceled), false, 'once');
  dispatcher.withdraw(left);
  open[0]?.end(sent);
  await clock.advance(0);
  t.strictSame(
    starts.slice(1).map(({ id }) => id),
    [next.id],
  );
  t.match([canceled, left], [{ state: 'canceled' }, { state: 'failed', attempts: { length: 0 } }]);
});

t.test('one that was ended in the store while it waited ends as it did there', async (t) => {
  const { submit, submitKeyed, dispatcher, settled, endElsewhere, clock } = createRig({ concurrency: 1 });
  submit();
  const patient = submitKeyed({ patienceEndsAt: clock.now() + 1_000 });
  endElsewhere({ state: 'canceled', failure: null, endedAt: 5 });
  await clock.advance(1_000);
  t.match(patient, { state: 'canceled', failure: null, endedAt: 5 });
  const left = submitKeyed();
  const failure = { code: 'overloaded', outcome: 'not_sent' as const, detail: 'd', upstream: null };
  endElsewhere({ state: 'failed', failure, endedAt: 6 });
  dispatcher.withdraw(left);
  await clock.advance(0);
  t.match(left, { state: 'failed', failure, endedAt: 6 });
  t.strictSame(settled, [`${patient.id} canceled`, `${left.id} failed`]);
});

t.test('one that nobody can tell of any more ends as this process knows it', async (t) => {
  const { submit, submitKeyed, settled, endElsewhere, clock } = createRig({ concurrency: 1 });
  submit();
  const patient = submitKeyed({ patienceEndsAt: clock.now() + 1_000 });
  endElsewhere({ state: 'queued' });
  await clock.advance(1_000);
  t.strictSame(settled, [`${patient.id} failed`]);
});

t.test('a message that comes from the store while the account was paused is given back, and goes later', async (t) => {
  const { submit, store, open, answer, ids, records, holdStore, clock } = createRig();
  const first = submit();
  const goOn = holdStore();
  const stored = store();
  open[0]?.end(throttled(1_000));
  await clock.advance(0);
  goOn();
  await clock.advance(0);
  t.strictSame(ids(), [first.id], 'nothing starts in a pause');
  t.strictSame(records, [`${stored} queued`]);
  answer(() => sent);
  await clock.advance(5_000);
  t.strictSame(ids(), [first.id, first.id, stored]);
});

t.test('so is one whose caller waits, whose start was being recorded then', async (t) => {
  const { submit, submitKeyed, open, dispatcher, answer, ids, holdStore, records, clock } = createRig();
  const first = submit();
  const goOn = holdStore();
  const keyed = submitKeyed();
  dispatcher.withdraw(first);
  open[0]?.end(throttled(1_000));
  await clock.advance(0);
  goOn();
  await clock.advance(0);
  t.match(keyed, { state: 'queued', attempts: { length: 0 } });
  t.strictSame(records, [`${keyed.id} queued`]);
  answer(() => sent);
  await clock.advance(2_000);
  t.strictSame(ids(), [first.id, keyed.id], 'it is the probe, though nobody else is there to wake it');
  t.equal(keyed.state, 'sent');
});

for (const [end, state, code] of [
  ['late', 'failed', 'storage_unavailable'],
  ['lost', 'unknown', 'commbox_error'],
] as const) {
  t.test(
    `and if its return is ${end} in the store, its caller hears that, and nothing of a cancellation`,
    async (t) => {
      const { submit, submitKeyed, open, answer, ends, holdStore, starts, clock } = createRig();
      submit();
      const goOn = holdStore();
      const keyed = submitKeyed();
      open[0]?.end(throttled(1_000));
      await clock.advance(0);
      ends.push(end);
      goOn();
      await clock.advance(0);
      t.match(keyed, { state, failure: { code } });
      answer(() => sent);
      const before = starts.length;
      await clock.advance(60_000);
      t.equal(
        starts.slice(before).some(({ id }) => id === keyed.id),
        false,
      );
    },
  );
}

t.test('a start that the store refuses sends nothing', async (t) => {
  const { submitKeyed, refuseBegin, starts, clock } = createRig();
  refuseBegin();
  const message = submitKeyed();
  await clock.advance(0);
  t.match(message, { state: 'canceled', attempts: { length: 0 } });
  t.equal(starts.length, 0);
});

t.test('an async message that is refused waits again, however long, and keeps its place', async (t) => {
  const { store, open, answer, ids, records, clock } = createRig({ concurrency: 1 });
  const [one, two] = [store(), store()];
  await clock.advance(0);
  open[0]?.end(throttled(200_000));
  await clock.advance(0);
  t.strictSame(records, [`${one} queued`]);
  answer(() => sent);
  await clock.advance(300_000);
  t.strictSame(ids(), [one, one, two]);
});

t.test('nothing of its line goes before it while the store has not noted that it waits again', async (t) => {
  // Without a pause: the probe goes at once.
  const { store, submit, open, answer, ids, holdRecords, clock } = createRig({ concurrency: 1, random: () => 0 });
  const first = store();
  const second = store();
  await clock.advance(0);
  const noted = holdRecords();
  open[0]?.end(throttled(null));
  answer(() => sent);
  await clock.advance(1_000);
  t.strictSame(ids(), [first], 'the second would overtake it');
  const plain = submit();
  t.strictSame(ids(), [first], 'as would one that needs no store');
  const other = submit({ caller: 'other' });
  await clock.advance(0);
  t.strictSame(ids(), [first, other.id], 'who has nothing to do with it goes on');
  noted();
  await clock.advance(10_000);
  t.strictSame(ids(), [first, other.id, first, second, plain.id]);
});

t.test('nor before one whose caller waits; and the line goes on if that one is lost or gone', async (t) => {
  for (const [end, again] of [
    ['held', true],
    ['lost', false],
    ['canceled', false],
  ] as const) {
    const { dispatcher, submitKeyed, submit, open, answer, ids, ends, holdRecords, clock } = createRig({
      concurrency: 1,
      random: () => 0,
    });
    const first = submitKeyed();
    const plain = submit();
    await clock.advance(0);
    const noted = holdRecords();
    if (end === 'lost') ends.push(end);
    open[0]?.end(throttled(null));
    answer(() => sent);
    await clock.advance(1_000);
    t.strictSame(ids(), [first.id], end);
    if (end === 'canceled') dispatcher.cancel(first);
    noted();
    await clock.advance(10_000);
    t.strictSame(ids(), again ? [first.id, first.id, plain.id] : [first.id, plain.id], end);
  }
});

t.test('whose patience ends while the store is asked whose turn it is may have been next all along', async (t) => {
  const { submit, store, open, holdStore, starts, clock } = createRig({ concurrency: 1 });
  submit();
  const goOn = holdStore();
  const stored = store();
  const waiting = submit({ patienceEndsAt: clock.now() + 1_000 });
  open[0]?.end(sent);
  await clock.advance(1_500);
  t.equal(waiting.state, 'queued');
  goOn();
  await clock.advance(0);
  t.match(starts[1], { id: stored });
  t.match(waiting, { state: 'failed', attempts: { length: 0 } }, 'it was the turn of another');
});

t.test('stopping gives back what was taken and not sent, and ends whoever waits for it', async (t) => {
  const { store, submitKeyed, dispatcher, holdStore, records, starts, clock } = createRig();
  const goOn = holdStore();
  const keyed = submitKeyed();
  const stored = store({ caller: 'news' });
  dispatcher.stop();
  let isIdle = false;
  const idle = dispatcher.idle().then(() => {
    isIdle = true;
  });
  await clock.advance(0);
  t.equal(isIdle, false, 'the store still owes an answer');
  goOn();
  await idle;
  await clock.advance(0);
  t.equal(starts.length, 0);
  t.match(keyed, { state: 'failed', failure: { code: 'shutting_down', outcome: 'not_sent' } });
  t.match(
    records.filter((record) => record.startsWith(stored)),
    [`${stored} queued`],
  );
});

t.test('without the store nothing is taken, and a second later it is asked again', async (t) => {
  const { store, answer, asked, ids, clock } = createRig();
  answer(() => refused('commbox_rejected', 400));
  const stored = store();
  t.equal(asked.length, 1);
  await clock.advance(0);
  t.strictSame(ids(), [stored]);
});
