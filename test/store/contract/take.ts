import type { Test } from 'tap';
import type { CreatePlace } from '../contract.ts';
import { ids, insertRows, RESEND, stage, stateOf } from './support.ts';

/** Which messages a process gets to send, and in which order. */
export async function takeContract(t: Test, createPlace: CreatePlace): Promise<void> {
  await t.test('ready messages of the account are taken, oldest first, and are sending then', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const now = clock.now();
    const [first, second, third] = [row(), row({ lane: 'bulk' }), row({ expiresAt: now + 1 })];
    const others = [
      row({ account: 'brand-b' }),
      row({ mode: 'sync' }),
      row({ readyAt: now + 1 }),
      row({ expiresAt: now }),
      row({ state: 'sent', endedAt: now }),
    ];
    await insertRows(store, third, ...others, first, second);
    const taken = await store.take({ account: 'default', limit: 2, now });
    t.strictSame(taken, [
      { ...first, state: 'sending' },
      { ...second, state: 'sending' },
    ]);
    t.equal(await stateOf(store, first.id), 'sending');
    t.strictSame(ids(await store.take({ account: 'default', limit: 10, now })), [third.id]);
    t.strictSame(await store.take({ account: 'default', limit: 10, now }), []);
    t.strictSame(ids(await store.take({ account: 'brand-b', limit: 10, now })), ids(others.slice(0, 1)));
  });

  await t.test('only messages accepted before a given one are taken, if that is asked', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const [first, second] = [row(), row()];
    await insertRows(store, first, second);
    const request = { account: 'default', limit: 10, now: clock.now(), before: second.id };
    t.strictSame(ids(await store.take(request)), [first.id]);
    t.strictSame(await store.take(request), []);
  });

  await t.test('three processes that take at once never get the same message, and miss none', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const stores = await Promise.all([process('a'), process('b'), process('c')]);
    const rows = Array.from({ length: 300 }, () => row());
    await insertRows(stores[0], ...rows);
    const request = { account: 'default', limit: 7, now: clock.now() };
    const got = await Promise.all(
      stores.map(async (store) => {
        const mine: string[] = [];
        for (let taken = await store.take(request); taken.length > 0; taken = await store.take(request)) {
          mine.push(...ids(taken));
        }
        return mine;
      }),
    );
    t.strictSame(got.flat().sort(), ids(rows));
    for (const mine of got) t.strictSame(mine, [...mine].sort(), 'each in order of acceptance');
  });

  await t.test('a message for later is taken at its time, in its place by acceptance', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const now = clock.now();
    const [scheduled, plain, later] = [row({ readyAt: now + 5_000 }), row(), row({ readyAt: now + 9_000 })];
    await insertRows(store, scheduled, plain, later);
    t.equal(await store.nextReadyAt(now), now + 5_000);
    t.strictSame(await store.waiting(now, 10), new Map([['default', 1]]));

    t.strictSame(await store.waiting(now + 5_000, 10), new Map([['default', 2]]));
    t.equal(await store.nextReadyAt(now + 5_000), now + 9_000);
    t.strictSame(ids(await store.take({ account: 'default', limit: 10, now: now + 5_000 })), [scheduled.id, plain.id]);
    t.equal(await store.nextReadyAt(now + 9_000), null);
    t.strictSame(ids(await store.take({ account: 'default', limit: 10, now: now + 9_000 })), [later.id]);
  });

  await t.test('a message that was refused for now takes its old place again, when it is ready', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const [store, other] = [await process('a'), await process('b')];
    const now = clock.now();
    const [first, second] = [row(), row()];
    await insertRows(store, first, second);
    await store.take({ account: 'default', limit: 1, now });
    const attempt = { at: now, durationMs: 3, outcome: 'throttled', upstreamStatus: 429 };
    const back = { id: first.id, state: 'queued', attempt, readyAt: now + 100, erase: false, key: null } as const;
    t.strictSame(await store.settle([back]), [true]);
    t.strictSame(await other.get(first.id), { ...first, attempts: [attempt], readyAt: now + 100 });
    t.strictSame(ids(await other.take({ account: 'default', limit: 5, now: now + 99 })), [second.id]);
    t.strictSame(ids(await other.take({ account: 'default', limit: 5, now: now + 100 })), [first.id]);
  });

  await t.test('waiting counts what take would give, per account and up to the cap', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const now = clock.now();
    t.strictSame(await store.waiting(now, 5), new Map());
    t.equal(await store.nextReadyAt(now), null);
    await insertRows(store, ...Array.from({ length: 8 }, () => row()));
    await insertRows(
      store,
      row({ account: 'b' }),
      row({ account: 'c', expiresAt: now }),
      row({ account: 'd', mode: 'sync' }),
    );
    t.strictSame(
      await store.waiting(now, 5),
      new Map([
        ['default', 5],
        ['b', 1],
      ]),
    );
  });

  await t.test('a position is how many of the account are taken before, and 0 for what no longer waits', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const rows = Array.from({ length: 10 }, () => row());
    await insertRows(store, row({ account: 'b' }), ...rows);
    t.strictSame(await Promise.all(ids(rows).map((id) => store.position(id, 6))), [0, 1, 2, 3, 4, 5, 6, 6, 6, 6]);
    await store.take({ account: 'default', limit: 4, now: clock.now() });
    t.equal(await store.position(rows[9]?.id ?? '', 100), 5);
    t.equal(await store.position(rows[0]?.id ?? '', 100), 0);
    t.equal(await store.position('msg_none', 100), 0);
  });

  await t.test('what waits is counted for the limit of the queue, a second late at most', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    t.equal(await store.queuedCount(), 0);
    await insertRows(store, row(), row({ readyAt: clock.now() + 60_000 }), row({ mode: 'sync' }));
    await insertRows(store, row({ state: 'sending' }), row({ state: 'canceled', endedAt: 1 }));
    await clock.advance(1_001);
    t.equal(await store.queuedCount(), 3);
  });

  await t.test('with the clock set back, messages are still accepted, listed, taken and settled', async (t) => {
    const { clock, place, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const before = row({ readyAt: clock.now() });
    await insertRows(store, before);
    const past = { ...clock, now: () => clock.now() - 3_600_000 };
    await store.close();

    const again = await place.open({ owner: 'a', clock: past });
    t.teardown(() => again.close());
    t.equal(await again.heartbeat(past.now(), 10_000), true);
    const after = row({ createdAt: past.now(), readyAt: past.now() });
    await insertRows(again, after);
    t.strictSame(await again.recover(past.now(), RESEND, past.now()), []);
    t.strictSame(ids(await again.take({ account: 'default', limit: 5, now: past.now() })), [after.id]);
    t.strictSame(ids(await again.list({}, 5, null)).sort(), [before.id, after.id]);
    t.strictSame(ids(await again.take({ account: 'default', limit: 5, now: clock.now() })), [before.id]);
  });
}
