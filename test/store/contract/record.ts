import type { Test } from 'tap';
import type { CreatePlace } from '../contract.ts';
import { eventually, HOUR_MS, ids, insertRows, LEASE_MS, RESEND, stage, stateOf } from './support.ts';

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
    t.equal(await store.expire(clock.now(), 10, clock.now()), 0);
    t.strictSame(await store.take({ account: 'default', limit: 5, now: clock.now() }), []);
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
