import type { Test } from 'tap';
import type { CreatePlace } from '../contract.ts';
import { ids, insertRows, picking, RESEND, sent, stage, stateOf } from './support.ts';

/** Which messages a process gets to send, and in which order. */
export async function takeContract(t: Test, createPlace: CreatePlace): Promise<void> {
  await t.test(
    'ready messages of each flow are taken as its pick says, oldest first, and are sending then',
    async (t) => {
      const { clock, process, row } = await stage(t, createPlace);
      const store = await process('a');
      const now = clock.now();
      const [first, second, third] = [row(), row({ readyAt: now }), row({ expiresAt: now + 1 })];
      const [bulk, alert, nextAlert] = [row({ lane: 'bulk' }), row({ caller: 'alerts' }), row({ caller: 'alerts' })];
      await insertRows(store, third, nextAlert, first, alert, bulk, second);
      const picks = [
        { lane: 'bulk', caller: 'billing', limit: 5 },
        { lane: 'normal', caller: 'billing', limit: 2 },
        { lane: 'critical', caller: 'billing', limit: 5 },
        { lane: 'normal', caller: 'alerts', limit: 1 },
      ] as const;
      const expected = [bulk, first, second, alert].map((each) => ({ ...each, state: 'sending' }));
      t.strictSame(await store.take({ account: 'default', now, picks }), expected, 'in the order of the picks');
      t.equal(await stateOf(store, first.id), 'sending');
      t.strictSame(ids(await store.take({ account: 'default', now, picks })), ids([third, nextAlert]));
      t.strictSame(await store.take({ account: 'default', now, picks }), []);
    },
  );

  await t.test(
    'nothing is taken that is not ready, past its time, of a waiting caller, or of another flow',
    async (t) => {
      const { clock, process, row } = await stage(t, createPlace);
      const store = await process('a');
      const now = clock.now();
      const elsewhere = [row({ account: 'brand-b' }), row({ lane: 'critical' }), row({ caller: 'alerts' })];
      const others = [
        row({ mode: 'sync' }),
        row({ readyAt: now + 1 }),
        row({ expiresAt: now }),
        row({ state: 'sent', endedAt: now }),
      ];
      const message = row();
      await insertRows(store, ...elsewhere, ...others, message);
      t.strictSame(ids(await store.take(picking(now, 10))), [message.id]);
      t.strictSame(await store.take({ account: 'default', now, picks: [] }), []);
      for (const { id, account, lane, caller } of elsewhere) {
        t.strictSame(ids(await store.take(picking(now, 10, { account, lane, caller }))), [id]);
      }
    },
  );

  await t.test('only messages accepted before a given one are taken, if that is asked of their flow', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const [first, alert, second, nextAlert] = [row(), row({ caller: 'alerts' }), row(), row({ caller: 'alerts' })];
    await insertRows(store, first, alert, second, nextAlert);
    const picks = [
      { lane: 'normal', caller: 'billing', limit: 10, before: second.id },
      { lane: 'normal', caller: 'alerts', limit: 10 },
    ] as const;
    const request = { account: 'default', now: clock.now(), picks };
    t.strictSame(ids(await store.take(request)), ids([first, alert, nextAlert]));
    t.strictSame(await store.take(request), []);
  });

  await t.test('three processes that take at once never get the same message, and miss none', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const stores = await Promise.all([process('a'), process('b'), process('c')]);
    const rows = Array.from({ length: 300 }, () => row());
    await insertRows(stores[0], ...rows);
    const request = picking(clock.now(), 7);
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
    t.strictSame(await store.take(picking(now, 10, { before: plain.id })), []);
    t.strictSame(ids(await store.take(picking(now + 5_000, 10))), [scheduled.id, plain.id]);
    t.strictSame(ids(await store.take(picking(now + 9_000, 10))), [later.id]);
  });

  await t.test('a message that was refused for now takes its old place again, when it is ready', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const [store, other] = [await process('a'), await process('b')];
    const now = clock.now();
    const [first, second] = [row(), row()];
    await insertRows(store, first, second);
    await store.take(picking(now, 1));
    const attempt = { at: now, durationMs: 3, outcome: 'throttled', upstreamStatus: 429 };
    const back = { id: first.id, state: 'queued', attempt, readyAt: now + 100, erase: false, key: null } as const;
    t.strictSame(await store.settle([back]), [true]);
    t.strictSame(await other.get(first.id), { ...first, attempts: [attempt], readyAt: now + 100 });
    t.strictSame(ids(await other.take(picking(now + 99, 5))), [second.id]);
    t.strictSame(ids(await other.take(picking(now + 100, 5))), [first.id]);
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
    t.strictSame(ids(await again.take(picking(past.now(), 5))), [after.id]);
    t.strictSame(ids(await again.list({}, 5, null)).sort(), [before.id, after.id]);
    t.strictSame(ids(await again.take(picking(clock.now(), 5))), [before.id]);
  });

  await t.test('a take whose answer got lost is undone, and nothing else that is being sent', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const [store, other] = [await process('a'), await process('b')];
    const now = clock.now();
    const [earlier, settled, lost] = [row(), row(), row()];
    const scheduled = row({ readyAt: now + 1 });
    const waiting = row({ mode: 'sync' });
    const elsewhere = row({ account: 'brand-b' });
    await insertRows(store, earlier, settled, lost, scheduled, waiting, elsewhere);
    t.strictSame(ids(await store.take(picking(now, 1))), [earlier.id]);
    const takenAt = now + 1;
    t.strictSame(ids(await store.take(picking(takenAt, 9))), ids([settled, lost, scheduled]));
    t.strictSame(ids(await store.take(picking(takenAt, 9, { account: 'brand-b' }))), [elsewhere.id]);
    t.equal(await store.begin(waiting.id), true);
    t.strictSame(await store.settle([sent(settled.id, takenAt)]), [true]);

    t.equal(await other.undoTake('default', takenAt), 0, 'another process holds it');
    t.equal(await store.undoTake('default', takenAt), 2);
    t.equal(await store.undoTake('default', takenAt), 0, 'only once');
    const states = [earlier, settled, lost, scheduled, waiting, elsewhere].map(({ id }) => stateOf(store, id));
    t.strictSame(await Promise.all(states), ['sending', 'sent', 'queued', 'queued', 'sending', 'sending']);
    t.strictSame(await store.settle([sent(lost.id, takenAt)]), [false], 'it is not held any more');
    t.strictSame(ids(await other.take(picking(takenAt, 9))), ids([lost, scheduled]), 'in their old order');
    t.strictSame(await store.settle([sent(earlier.id, takenAt)]), [true]);
  });
}
