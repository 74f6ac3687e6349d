import type { Test } from 'tap';
import type { MessageRow } from '../../../src/store/message-row.ts';
import type { Store } from '../../../src/store/store.ts';
import type { CreatePlace } from '../contract.ts';
import { HOUR_MS, ids, insertRows, stage, unclearEnd } from './support.ts';

const MINUTE_MS = 60_000;
const RULE = { account: 'default', afterMs: MINUTE_MS, mostMs: 5 * MINUTE_MS, times: 7 };

async function makeUnknown(store: Store, now: number, ...rows: readonly MessageRow[]): Promise<void> {
  await insertRows(store, ...rows);
  await store.settle(rows.map(({ id }) => unclearEnd(id, now)));
}

/** When what became of a message is to be found out. */
export async function reconcileContract(t: Test, createPlace: CreatePlace): Promise<void> {
  await t.test('each unknown message is given out to one process, oldest first', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const [store, other] = [await process('a'), await process('b')];
    const now = clock.now();
    const rows = Array.from({ length: 9 }, () => row({ state: 'sending' }));
    const [resolved, elsewhere] = [row({ state: 'sending' }), row({ state: 'sending', account: 'brand-b' })];
    await makeUnknown(store, now, ...rows, resolved, elsewhere);
    const oldest = row({ state: 'sending' });
    await makeUnknown(store, now - 1, oldest);
    await store.resolve(resolved.id, { state: 'failed', objectId: null, now });
    t.equal(await store.unknownCount(), 11);
    t.equal(await store.takeUnreconciled({ ...RULE, now: now - 2 + MINUTE_MS }), null, 'too young');

    const turn = { ...RULE, now: now + MINUTE_MS };
    t.match(await store.takeUnreconciled(turn), { id: oldest.id, state: 'unknown', payload: oldest.payload });
    const taken: MessageRow[] = [];
    const takeAll = async (from: Store) => {
      for (let row = await from.takeUnreconciled(turn); row !== null; row = await from.takeUnreconciled(turn)) {
        taken.push(row);
      }
    };
    await Promise.all([takeAll(store), takeAll(store), takeAll(other)]);
    await takeAll(store);
    t.strictSame(ids(taken).sort(), ids(rows));
    t.match(await store.takeUnreconciled({ ...turn, account: 'brand-b' }), { id: elsewhere.id });
  });

  await t.test('an object that another message of the account and time has says nothing about this one', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const now = clock.now();
    const sent = row({ mode: 'sync', state: 'sent', payload: null, objectId: '7', sentAt: now, endedAt: now });
    await insertRows(store, sent);
    const isResolved = async ({ from = now, to = now, objectId = '7', account = 'default' } = {}) => {
      const own = row({ state: 'sending', account });
      await makeUnknown(store, now, own);
      const resolution = { state: 'sent', objectId, now, unlessAnothersOf: { from, to } } as const;
      const isResolved = await store.resolve(own.id, resolution);
      t.match(await store.get(own.id), isResolved ? { state: 'sent', objectId } : { state: 'unknown', objectId: null });
      return isResolved;
    };
    t.equal(await isResolved(), false);
    t.equal(await isResolved({ objectId: '8' }), true);
    t.equal(await isResolved({ objectId: '8' }), false, 'that is taken now');
    t.equal(await isResolved({ account: 'brand-b' }), true);
    t.equal(await isResolved({ from: now + 1, to: now + 9 }), true, 'an id can come again, years later');
  });

  await t.test('of messages that find the same object at the same moment, one has it', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const stores = [await process('a'), await process('b')];
    const now = clock.now();
    for (let round = 0; round < 5; round++) {
      const twins = Array.from({ length: 6 }, () => row({ state: 'sending' }));
      await makeUnknown(stores[0] as Store, now, ...twins);
      const to = { state: 'sent', objectId: `${round}`, now, unlessAnothersOf: { from: now, to: now } } as const;
      const resolved = await Promise.all(twins.map(({ id }, i) => (stores[i % 2] as Store).resolve(id, to)));
      t.equal(resolved.filter((isResolved) => isResolved).length, 1);
    }
  });

  await t.test('what got no answer comes again with a back-off, however often the gateway is restarted', async (t) => {
    const { clock, place, row } = await stage(t, createPlace);
    const message = row({ state: 'sending' });
    let store = await place.open({ owner: 'a', clock });
    await store.heartbeat(clock.now(), HOUR_MS);
    await makeUnknown(store, clock.now(), message);
    const minutes: number[] = [];
    for (let minute = 0; minute < 60; minute++) {
      const taken = await store.takeUnreconciled({ ...RULE, now: clock.now() + minute * MINUTE_MS });
      if (taken === null) continue;
      minutes.push(minute);
      if (minute % 2 === 0) continue;
      await store.close();
      store = await place.open({ owner: 'a', clock });
    }
    t.strictSame(
      minutes,
      [1, 2, 4, 8, 13, 18, 23],
      'twice as late each time up to the most, then so many times in all',
    );
    await store.close();
  });

  await t.test('what got an answer does not come again', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const [answered, silent] = [row({ state: 'sending' }), row({ state: 'sending' })];
    await makeUnknown(store, clock.now(), answered, silent);
    const turn = { ...RULE, now: clock.now() + MINUTE_MS };
    for (const _ of [answered, silent]) t.not(await store.takeUnreconciled(turn), null);
    await store.reconciled(answered.id);
    const later = { ...RULE, now: clock.now() + HOUR_MS };
    t.match(await store.takeUnreconciled(later), { id: silent.id });
    t.equal(await store.takeUnreconciled(later), null);
    t.match(await store.get(answered.id), { state: 'unknown' });
  });
}
