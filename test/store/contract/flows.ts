import type { Test } from 'tap';
import type { Flow } from '../../../src/store/flows.ts';
import type { Store } from '../../../src/store/store.ts';
import type { CreatePlace } from '../contract.ts';
import { HOUR_MS, ids, insertRows, picking, RESEND, stage } from './support.ts';

/** What of the waiting messages is known to whoever shares out the quota. */
export async function flowsContract(t: Test, createPlace: CreatePlace): Promise<void> {
  await t.test('the flows that are ready are those of which something would be taken', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const now = clock.now();
    t.strictSame(await store.readyFlows(now), []);
    await insertRows(
      store,
      ...Array.from({ length: 30 }, () => row()),
      row({ expiresAt: now, lane: 'bulk' }),
      row({ lane: 'bulk', expiresAt: now + 1 }),
      row({ caller: 'alerts', lane: 'critical' }),
      row({ account: 'brand-b' }),
      row({ account: 'expired', expiresAt: now }),
      row({ account: 'later', readyAt: now + 1 }),
      row({ account: 'plain', mode: 'sync' }),
      row({ account: 'sending', state: 'sending' }),
    );
    const ready = ['brand-b/normal/billing', 'default/bulk/billing', 'default/critical/alerts'];
    t.strictSame(named(await store.readyFlows(now)), [...ready, 'default/normal/billing']);
    await store.take(picking(now, 30));
    t.strictSame(named(await store.readyFlows(now)), ready);
  });

  await t.test('a flow is ready once the time of its first scheduled message has come', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const now = clock.now();
    const soon = Array.from({ length: 5 }, () => row({ readyAt: now + 5_000 }));
    await insertRows(store, ...soon, row({ readyAt: now + 9_000, lane: 'critical' }));
    t.strictSame(await store.readyFlows(now + 4_999), []);
    t.strictSame(named(await store.readyFlows(now + 5_000)), ['default/normal/billing']);
    t.strictSame(ids(await store.take(picking(now + 5_000, 9))), ids(soon));
    t.strictSame(await store.readyFlows(now + 5_000), []);
    t.strictSame(named(await store.readyFlows(now + 9_000)), ['default/critical/billing']);
  });

  await t.test('the backlog of a flow is all that waits in it for nobody in particular, and since when', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    t.strictSame(await store.backlog(), []);
    const start = clock.now();
    const later = [row({ readyAt: start + HOUR_MS }), row({ lane: 'bulk', readyAt: start + 2 * HOUR_MS })];
    const soon = row({ readyAt: start + 500 });
    await clock.advance(10);
    const now = { readyAt: clock.now() };
    const waitedFor = [row({ ...now, mode: 'sync' }), row({ ...now, mode: 'sync', caller: 'alerts' })];
    const gone = [row({ ...now, state: 'sending' }), row({ ...now, account: 'b', state: 'canceled', endedAt: 1 })];
    await insertRows(store, soon, row(now), ...later, ...waitedFor, ...gone);
    await clock.advance(1_001);
    const normal = { account: 'default', lane: 'normal', caller: 'billing', queued: 3, due: 2, firstDueAt: start + 10 };
    const bulk = { ...normal, lane: 'bulk', queued: 1, due: 0, firstDueAt: start + 2 * HOUR_MS };
    t.strictSame(sorted(await store.backlog()), [bulk, normal]);
    t.equal(await store.queuedCount(), 4);
    t.strictSame(ids(await store.take(picking(clock.now(), 1))), [soon.id], 'what was accepted first goes first');
    await clock.advance(1_001);
    t.strictSame(
      sorted(await store.backlog()),
      [bulk, { ...normal, queued: 2, due: 1 }],
      'and is not what was due first',
    );
  });

  await t.test('of what is scheduled, the backlog tells how much is due by now', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const start = clock.now();
    const at = (readyAt: number, members = {}) => row({ readyAt, ...members });
    const morning = Array.from({ length: 6 }, () => at(start + HOUR_MS));
    const evening = Array.from({ length: 3 }, () => at(start + 9 * HOUR_MS));
    const other = at(start + 9 * HOUR_MS, { caller: 'alerts' });
    const [now] = [at(start), await insertRows(store, ...morning, ...evening, other)];
    await insertRows(store, now);
    const expectDue = async (due: number, queued: number, why: string) => {
      await clock.advance(1_001);
      const [alerts, billing] = sorted(await store.backlog());
      t.match(alerts, { caller: 'alerts', due: 0, queued: 1 });
      t.match(billing, { caller: 'billing', due, queued }, why);
    };
    await expectDue(1, 10, 'what is for later is not due');
    await clock.advance(HOUR_MS);
    await expectDue(7, 10, 'it becomes so by itself');
    t.strictSame(ids(await store.take(picking(clock.now(), 2))), ids(morning.slice(0, 2)));
    await expectDue(5, 8, 'and goes');
    const [back = '', sooner = ''] = ids(morning);
    const again = { state: 'queued', attempt: null, erase: false, key: null } as const;
    await store.settle([{ ...again, id: back, readyAt: clock.now() + 60_000 }]);
    await store.settle([{ ...again, id: sooner, readyAt: clock.now() }]);
    await expectDue(6, 10, 'what is to be tried again later is not due');
    await clock.advance(60_000);
    await expectDue(7, 10, 'until then');
    await store.cancel(morning[5]?.id ?? '', clock.now(), clock.now());
    await store.cancel(evening[0]?.id ?? '', clock.now(), clock.now());
    await expectDue(6, 8, 'what is canceled is in neither');
    await store.take(picking(clock.now(), 9));
    await expectDue(0, 2, 'all that was due has gone');
  });

  await t.test('the backlog follows every way in and out of the queue', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const [store, other] = [await process('a'), await process('b')];
    const start = clock.now();
    const rows = [];
    for (let i = 0; i < 6; i++) {
      const readyAt = clock.now();
      rows.push(row({ readyAt, expiresAt: i === 3 ? start + HOUR_MS : null, reference: i === 4 ? 'order-7' : null }));
      await clock.advance(1);
    }
    const [first, second, third] = [rows[0]?.id ?? '', rows[1]?.id ?? '', rows[2]?.id ?? ''];
    await insertRows(store, ...rows);
    const expectBacklog = async (queued: number, first: number, way: string) => {
      await clock.advance(1_001);
      const flow = { account: 'default', lane: 'normal', caller: 'billing' };
      t.strictSame(await other.backlog(), [{ ...flow, queued, due: queued, firstDueAt: start + first }], way);
      t.equal(await other.queuedCount(), queued, way);
    };
    await expectBacklog(6, 0, 'insert');
    await store.take(picking(clock.now(), 2));
    await expectBacklog(4, 2, 'take');
    const back = { state: 'queued', attempt: null, readyAt: start + 1, erase: false, key: null } as const;
    await store.settle([{ ...back, id: second }]);
    await expectBacklog(5, 1, 'settle, back to queued');
    await store.settle([{ ...back, id: first, state: 'failed', endedAt: clock.now() }]);
    await expectBacklog(5, 1, 'settle');
    await store.cancel(second, clock.now(), clock.now());
    await store.cancel(third, clock.now(), clock.now());
    await expectBacklog(3, 3, 'cancel');
    await store.expire(start + HOUR_MS, 10, clock.now(), []);
    await expectBacklog(2, 4, 'expire');
    await store.cancelMany({ reference: 'order-7' }, clock.now(), clock.now());
    await expectBacklog(1, 5, 'cancel many');
    await store.take(picking(clock.now(), 1));
    await clock.advance(1_001);
    t.strictSame(await store.backlog(), []);
    t.equal(await store.queuedCount(), 0);
  });

  await t.test('what a dead process left in the queue leaves the backlog, what may go again is back', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const [dead, other] = [await process('a'), await process('b')];
    await insertRows(dead, row({ mode: 'sync' }), row({ state: 'sending', onUnknown: 'resend', lane: 'critical' }));
    await dead.close();
    await clock.advance(1_001);
    await other.recover(clock.now(), RESEND, clock.now());
    const firstDueAt = clock.now() + RESEND.delayMs;
    const expected = { account: 'default', lane: 'critical', caller: 'billing', queued: 1, due: 0, firstDueAt };
    t.strictSame(await other.backlog(), [expected]);
  });

  await t.test('a position is how many of the flow go before, and 0 for what no longer waits', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const rows = Array.from({ length: 10 }, () => row());
    const later = row({ readyAt: clock.now() + HOUR_MS });
    const others = [row({ account: 'b' }), row({ lane: 'bulk' }), row({ caller: 'alerts' }), row({ mode: 'sync' })];
    await insertRows(store, ...others, later, ...rows);
    t.strictSame(await Promise.all(ids(rows).map((id) => store.position(id, 6))), [0, 1, 2, 3, 4, 5, 6, 6, 6, 6]);
    await store.take(picking(clock.now(), 4));
    t.equal(await store.position(rows[9]?.id ?? '', 100), 5);
    t.equal(await store.position(rows[0]?.id ?? '', 100), 0);
    t.equal(await store.position('msg_none', 100), 0);
  });
}

const nameOf = ({ account, lane, caller }: Flow) => `${account}/${lane}/${caller}`;
const named = (flows: Awaited<ReturnType<Store['readyFlows']>>) => flows.map(nameOf).sort();
const sorted = (flows: Awaited<ReturnType<Store['backlog']>>) =>
  flows.toSorted((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
