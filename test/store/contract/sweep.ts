import type { Test } from 'tap';
import type { CreatePlace } from '../contract.ts';
import { HOUR_MS, ids, insertRows, keyed, sent, stage, unclear } from './support.ts';

/** What is forgotten, and when. */
export async function sweepContract(t: Test, createPlace: CreatePlace): Promise<void> {
  await t.test('the content of ended messages is erased at its time, the ledger at its own', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const now = clock.now();
    const failed = row({ state: 'failed', failure: { ...unclear, outcome: 'not_sent' }, endedAt: now });
    const unknown = row({ state: 'unknown', unclear, failure: unclear, endedAt: now, traceparent: '00-1-2-01' });
    const young = row({ state: 'canceled', endedAt: now + 1 });
    const waiting = row({ createdAt: now - 100 * HOUR_MS });
    await insertRows(store, failed, unknown, young, waiting);

    t.strictSame(await store.sweep(now + 1, now, 0, 10), { files: [], more: false });
    t.strictSame(await store.get(failed.id), failed, 'not before its time');
    t.strictSame(await store.sweep(now + 1, now + 1, 0, 10), { files: [], more: false });
    const scrubbed = { ...unclear, detail: '', upstream: { status: 504, description: null } };
    const erased = { payload: null, requestId: '', traceparent: null };
    t.strictSame(await store.get(failed.id), { ...failed, ...erased, failure: { ...scrubbed, outcome: 'not_sent' } });
    t.strictSame(await store.get(unknown.id), { ...unknown, ...erased, failure: scrubbed, unclear: scrubbed });
    t.strictSame(await store.get(young.id), young);
    t.strictSame(await store.get(waiting.id), waiting);

    await store.sweep(now + 2, now + 1, now + 1, 10);
    t.strictSame(ids(await store.list({}, 10, null)).sort(), [young.id, waiting.id]);
  });

  await t.test('a sweep does a limited piece, and says whether there is more', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const now = clock.now();
    await insertRows(store, ...Array.from({ length: 5 }, () => row({ state: 'failed', endedAt: now })));
    for (const more of [true, true, false]) t.equal((await store.sweep(now, now + 1, 0, 2)).more, more);
    t.ok((await store.list({}, 10, null)).every(({ payload }) => payload === null));
    for (const more of [true, true, false]) t.equal((await store.sweep(now, now + 1, now + 1, 2)).more, more);
    t.strictSame(await store.list({}, 10, null), []);
  });

  await t.test('keys past their time are forgotten, running ones never', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const [done, running] = [row({ state: 'sending' }), row()];
    await store.insert([keyed(done, 'k-done'), keyed(running, 'k-running')]);
    const until = clock.now() + HOUR_MS;
    await store.settle([sent(done.id, clock.now(), { key: { kind: 'keep', answer: null, until } })]);
    await store.sweep(until - 1, 0, 0, 10);
    t.match(await store.findKey('k-done'), { messageId: done.id });
    await store.sweep(until, 0, 0, 10);
    t.equal(await store.findKey('k-done'), null);
    await store.sweep(until + 1000 * HOUR_MS, 0, 0, 10);
    t.match(await store.findKey('k-running'), { messageId: running.id });
  });

  await t.test('a message that is deleted before its key leaves no key behind', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const [gone, kept] = [row({ state: 'sending' }), row({ state: 'sending' })];
    await store.insert([keyed(gone, 'k-gone'), keyed(kept, 'k-kept')]);
    const key = { kind: 'keep', answer: null, until: clock.now() + HOUR_MS } as const;
    await store.settle([sent(gone.id, clock.now(), { key }), sent(kept.id, clock.now() + 1, { key })]);
    await store.sweep(clock.now() + 1, 0, clock.now() + 1, 10);
    t.equal(await store.findKey('k-gone'), null);
    t.match(await store.findKey('k-kept'), { messageId: kept.id });
    t.strictSame(await store.insert([keyed(row(), 'k-gone')]), [{ kind: 'inserted' }]);
  });
}
