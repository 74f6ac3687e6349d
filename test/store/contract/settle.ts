import type { Test } from 'tap';
import type { CreatePlace } from '../contract.ts';
import { HOUR_MS, ids, insertRows, keyed, picking, sent, stage, unclear, unclearEnd } from './support.ts';

/** Only the process that holds a message changes it. */
export async function settleContract(t: Test, createPlace: CreatePlace): Promise<void> {
  await t.test('a sent message keeps its ledger and loses its content', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const message = row({ traceparent: '00-1-2-01', reference: 'order-7' });
    await insertRows(store, message);
    await store.take(picking(clock.now(), 1));
    const settlement = sent(message.id, clock.now());
    t.strictSame(await store.settle([settlement]), [true]);
    t.strictSame(await store.get(message.id), {
      ...message,
      state: 'sent',
      objectId: '294159',
      sentAt: clock.now(),
      endedAt: clock.now(),
      attempts: [settlement.attempt],
      payload: null,
      requestId: '',
      traceparent: null,
    });
    t.strictSame(await store.settle([settlement]), [false], 'a final state is final');
  });

  await t.test('each settlement is judged on its own', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const [store, other] = [await process('a'), await process('b')];
    const [mine, theirs, queued] = [row(), row(), row()];
    await insertRows(store, mine);
    await store.take(picking(clock.now(), 1));
    await insertRows(other, theirs);
    await other.take(picking(clock.now(), 1));
    await insertRows(store, queued);
    const settlements = [theirs.id, mine.id, queued.id, 'msg_none'].map((id) => sent(id, clock.now()));
    t.strictSame(await store.settle(settlements), [false, true, false, false]);
    t.match(await store.get(theirs.id), { state: 'sending', payload: theirs.payload });
    t.match(await store.get(queued.id), { state: 'queued' });
    t.strictSame(await other.settle([sent(theirs.id, clock.now())]), [true]);
  });

  await t.test('what was to be recorded of an earlier attempt does not count for a later one', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const message = row();
    await insertRows(store, message);
    const takenAt = clock.now();
    await store.take(picking(takenAt, 1));
    const attempt = { at: takenAt, durationMs: 1, outcome: 'throttled', upstreamStatus: 429 };
    const back = {
      id: message.id,
      takenAt,
      state: 'queued',
      attempt,
      readyAt: takenAt,
      erase: false,
      key: null,
    } as const;
    t.strictSame(await store.settle([back]), [true]);
    t.strictSame(ids(await store.take(picking(takenAt + 1, 1))), [message.id]);
    t.strictSame(await store.settle([back]), [false]);
    t.match(await store.get(message.id), { state: 'sending', attempts: [attempt] });
    t.strictSame(await store.settle([sent(message.id, takenAt + 1, { takenAt: takenAt + 1 })]), [true]);
  });

  await t.test('a settlement that no longer holds leaves the key alone', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const message = row({ state: 'sending' });
    await store.insert([keyed(message, 'k')]);
    await store.settle([sent(message.id, clock.now())]);
    t.strictSame(await store.settle([sent(message.id, clock.now(), { key: { kind: 'free' } })]), [false]);
    t.match(await store.findKey('k'), { messageId: message.id });
  });

  await t.test('what a settlement does not name stays as it is', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const message = row({ onUnknown: 'resend', state: 'sending' });
    await insertRows(store, message);
    const now = clock.now();
    const first = {
      id: message.id,
      state: 'queued',
      attempt: { at: now, durationMs: 5, outcome: 'unclear', upstreamStatus: null },
      unclear,
      readyAt: now + 30_000,
      erase: false,
      key: null,
    } as const;
    await store.settle([first]);
    await store.take(picking(now + 30_000, 1));
    const second = { id: message.id, state: 'queued', attempt: null, erase: false, key: null } as const;
    t.strictSame(await store.settle([second]), [true]);
    t.strictSame(await store.get(message.id), {
      ...message,
      state: 'queued',
      unclear,
      attempts: [first.attempt],
      readyAt: now + 30_000,
    });
  });

  await t.test('what is erased is gone whatever the message became', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const message = row({ state: 'sending', traceparent: '00-1-2-01' });
    await insertRows(store, message);
    t.strictSame(await store.settle([unclearEnd(message.id, clock.now(), { erase: true })]), [true]);
    t.match(await store.get(message.id), {
      state: 'unknown',
      payload: null,
      requestId: '',
      traceparent: null,
      failure: { code: unclear.code, detail: '', upstream: { status: 504, description: null } },
    });
  });

  await t.test('a plain message is begun, or withdrawn, by the process that accepted it alone', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const [store, other] = [await process('a'), await process('b')];
    const [begun, withdrawn, async] = [row({ mode: 'sync' }), row({ mode: 'sync' }), row()];
    await insertRows(store, begun, withdrawn, async);
    t.equal(await other.begin(begun.id), false);
    t.equal(await store.begin(begun.id), true);
    t.equal(await store.begin(begun.id), false);
    t.equal(await store.begin(async.id), false, 'an async message must be taken');
    t.equal(await store.begin('msg_none'), false);

    const failure = { code: 'commbox_throttled', outcome: 'not_sent', detail: 'no slot', upstream: null } as const;
    const end = { id: withdrawn.id, state: 'failed', attempt: null, failure, endedAt: clock.now() } as const;
    t.strictSame(await other.settle([{ ...end, erase: false, key: null }]), [false]);
    t.strictSame(await store.settle([{ ...end, erase: false, key: null }]), [true]);
    t.strictSame(await store.get(withdrawn.id), { ...withdrawn, state: 'failed', failure, endedAt: clock.now() });
    t.equal(await store.begin(withdrawn.id), false);

    const back = { id: begun.id, state: 'queued', attempt: null, erase: false, key: null } as const;
    t.strictSame(await store.settle([back]), [true]);
    t.equal(await other.begin(begun.id), false, 'back in the queue, it is still its own');
    t.equal(await store.begin(begun.id), true);
  });

  await t.test('an unknown message becomes sent or failed, once', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const [store, other] = [await process('a'), await process('b')];
    const [found, given, queued] = [row({ state: 'sending' }), row({ state: 'sending' }), row()];
    await insertRows(store, found, given, queued);
    await store.settle([unclearEnd(found.id, clock.now()), unclearEnd(given.id, clock.now())]);
    t.match(await store.get(found.id), { state: 'unknown', unclear, failure: unclear, payload: found.payload });
    await clock.advance(HOUR_MS);
    const now = clock.now();
    const wins = await Promise.all([
      store.resolve(found.id, { state: 'sent', objectId: '7', now }),
      other.resolve(found.id, { state: 'sent', objectId: '8', now }),
    ]);
    t.equal(wins.filter(Boolean).length, 1);
    t.match(await store.get(found.id), {
      state: 'sent',
      objectId: wins[0] ? '7' : '8',
      sentAt: now,
      endedAt: now,
      payload: null,
      failure: null,
    });
    t.equal(await store.resolve(given.id, { state: 'failed', objectId: null, now }), true);
    t.match(await store.get(given.id), { state: 'failed', endedAt: now, failure: unclear, payload: given.payload });
    t.equal(await store.resolve(given.id, { state: 'sent', objectId: null, now }), false);
    t.equal(await store.resolve(queued.id, { state: 'sent', objectId: null, now }), false);
    t.equal(await store.resolve('msg_none', { state: 'sent', objectId: null, now }), false);
  });
}
