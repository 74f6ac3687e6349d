import type { Test } from 'tap';
import type { CreatePlace } from '../contract.ts';
import { eventually, HOUR_MS, ids, insertRows, LEASE_MS, picking, RESEND, stage, stateOf } from './support.ts';

/** What a plain message has become once it was sent: nothing is left of the request. */
const sentOf = (now: number) =>
  ({
    mode: 'sync',
    state: 'sent',
    payload: null,
    requestId: '',
    objectId: '294159',
    attempts: [attempt(now)],
    sentAt: now,
    endedAt: now,
  }) as const;
const attempt = (at: number) => ({ at, durationMs: 3.5, outcome: 'sent', upstreamStatus: 200 });

/** The ledger of plain messages, which may be written behind. */
export async function recordContract(t: Test, createPlace: CreatePlace): Promise<void> {
  await t.test('a recorded message is read back at once, by others within a second', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const [store, other] = [await process('a'), await process('b')];
    const message = row({ mode: 'sync', state: 'sending' });
    store.record(message);
    t.strictSame(await store.get(message.id), message);
    const ended = { ...message, state: 'sent', payload: null, objectId: '7', endedAt: clock.now() } as const;
    store.record(message);
    store.record(ended);
    t.strictSame(ids(await store.list({ states: ['sent'] }, 5, null)), [message.id]);
    const unread = row({ mode: 'sync', state: 'sent', endedAt: clock.now() });
    store.record(unread);
    await clock.advance(1_000);
    t.strictSame(await eventually(() => other.get(unread.id)), unread);
    t.strictSame(await other.get(message.id), ended);
  });

  await t.test('what was sent is kept whole, however many at a time', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const now = clock.now();
    const rows = Array.from({ length: 64 }, (_, i) =>
      row({
        ...sentOf(now),
        stream: i % 2 === 0 ? 'sms' : null,
        reference: i % 3 === 0 ? `it's "order" ${i} — ✓` : null,
        sendsToClient: i % 4 === 0,
        objectId: i % 4 === 0 ? null : '9007199254740993',
        onUnknown: i % 5 === 0 ? 'resend' : 'hold',
        sendAt: i % 7 === 0 ? now - 1 : null,
        expiresAt: i % 2 === 0 ? null : now + HOUR_MS,
        resendOf: i % 8 === 0 ? 'msg_0' : null,
        readyAt: now + i,
        attempts: Array.from({ length: i % 3 }, () => attempt(now)),
      }),
    );
    for (const each of rows) store.record(each);
    t.strictSame(await store.list({}, 100, null), rows.toReversed());
  });

  await t.test('what was recorded on its way keeps nothing of its content once it was sent', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const file = { path: '/spool/f', name: 'a.pdf', contentType: null, size: 1, sha256: 'f' };
    const way = row({ mode: 'sync', state: 'sending', payload: { kind: 'multipart', data: '{}', files: [file] } });
    store.record(way);
    t.equal(await stateOf(store, way.id), 'sending');
    t.strictSame([...(await store.neededFiles())], ['f']);
    const others = Array.from({ length: 30 }, () => row(sentOf(clock.now())));
    const ended = { ...way, ...sentOf(clock.now()) };
    for (const each of [...others.slice(0, 9), ended, ...others.slice(9)]) store.record(each);
    t.strictSame(await store.get(ended.id), ended);
    t.strictSame([...(await store.neededFiles())], []);
    t.equal((await store.list({ states: ['sent'] }, 100, null)).length, 31);
    await clock.advance(LEASE_MS);
    t.strictSame(await (await process('b')).recover(clock.now(), RESEND, clock.now()), [], 'nobody holds it any more');
  });

  await t.test('the ledger of what was sent is deleted at its time', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const [now, rows] = [clock.now(), Array.from({ length: 5 }, () => row(sentOf(clock.now())))];
    for (const each of [...rows, row(sentOf(now + 1))]) store.record(each);
    t.strictSame(await store.sweep(now, now, now, 10), { files: [], more: false });
    t.equal((await store.list({}, 10, null)).length, 6, 'not before');
    for (const more of [true, true, false]) t.equal((await store.sweep(now, 0, now + 1, 2)).more, more);
    t.equal((await store.list({}, 10, null)).length, 1);
  });

  await t.test('what was written down before does not change what has ended since', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const [store, other] = [await process('a'), await process('b')];
    const now = clock.now();
    const message = row({ mode: 'sync', state: 'sending' });
    store.record(message);
    await store.get(message.id);
    await clock.advance(LEASE_MS);
    t.strictSame(await other.recover(clock.now(), RESEND, clock.now()), [message.id]);
    t.equal(await stateOf(other, message.id), 'unknown');
    store.record({ ...message, state: 'queued' });
    t.equal(await stateOf(store, message.id), 'unknown');
    const sent = { ...message, ...sentOf(now) };
    store.record(sent);
    t.strictSame(await store.get(message.id), sent, 'but that it was sent is news');
    store.record({ ...message, state: 'failed', endedAt: now });
    t.strictSame(await store.get(message.id), sent);
  });

  await t.test('what was recorded is written when the store closes', async (t) => {
    const { process, row } = await stage(t, createPlace);
    const store = await process('a');
    const rows = Array.from({ length: 200 }, () => row({ mode: 'sync', state: 'sent', endedAt: 1 }));
    for (const each of rows) store.record(each);
    await store.close();
    t.strictSame(ids(await (await process('b')).list({}, 300, null)), ids(rows).reverse());
  });

  await t.test('a recorded message is its process’s own: not canceled, not expired, not taken', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const message = row({ mode: 'sync', expiresAt: clock.now() });
    store.record(message);
    t.equal(await stateOf(store, message.id), 'queued');
    t.equal(await store.cancel(message.id, clock.now(), clock.now()), false);
    t.equal(await store.cancelMany({}, clock.now(), clock.now()), 0);
    t.strictSame(await store.expire(clock.now(), 10, clock.now(), []), []);
    t.strictSame(await store.take(picking(clock.now(), 5)), []);
    t.equal(await stateOf(store, message.id), 'queued');
  });

  await t.test('a recorded message of a dead process ends, as every other', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const [dead, other] = [await process('a'), await process('b')];
    const [queued, sending, done] = [
      row({ mode: 'sync' }),
      row({ mode: 'sync', state: 'sending' }),
      row({ mode: 'sync', state: 'sent', endedAt: clock.now() }),
    ];
    for (const each of [queued, sending, done]) dead.record(each);
    await dead.get(done.id);
    await insertRows(dead, row());
    await clock.advance(LEASE_MS);
    const changed = await other.recover(clock.now(), RESEND, clock.now() + HOUR_MS);
    t.strictSame([...changed].sort(), ids([queued, sending]));
    t.strictSame(await Promise.all(ids([queued, sending, done]).map((id) => stateOf(other, id))), [
      'failed',
      'unknown',
      'sent',
    ]);
  });
}
