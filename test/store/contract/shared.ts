import type { Test } from 'tap';
import type { StoreChange } from '../../../src/store/requests.ts';
import type { Store } from '../../../src/store/store.ts';
import type { CreatePlace } from '../contract.ts';
import { insertRows, picking, sent, stage } from './support.ts';

/** What processes that share their data tell each other. */
export async function sharedContract(t: Test, createPlace: CreatePlace): Promise<void> {
  await t.test('another process hears of messages that are ready or ended', async (t) => {
    const { clock, place, process, row } = await stage(t, createPlace);
    const [store, other] = [await process('a'), await process('b')];
    if (!place.isShared) {
      const stop = store.onChange(() => t.fail('nobody else is there'));
      await insertRows(store, row());
      stop();
      return;
    }
    const message = row();
    const ready = heard(other, ({ kind }) => kind === 'ready');
    await insertRows(store, message);
    await ready;
    const settled = heard(other, ({ kind, id }) => kind === 'settled' && id === message.id);
    await store.take(picking(clock.now(), 1));
    await store.settle([sent(message.id, clock.now())]);
    await settled;
    t.pass('both were heard');
  });

  await t.test('another process hears of stops, and of pace that is published or urgent', async (t) => {
    const { clock, place, process } = await stage(t, createPlace);
    const [store, other] = [await process('a'), await process('b')];
    const pause = { account: 'default', lane: null, caller: null, since: clock.now() };
    const exchange = { account: 'default', now: clock.now(), report: '', reportsLastMs: 1_000 };
    if (!place.isShared) {
      const stop = store.onChange(() => t.fail('nobody else is there'));
      await store.setPause(pause, true);
      await store.exchangePacing({ ...exchange, publish: null, isUrgent: true });
      stop();
      return;
    }
    for (const isPaused of [true, false]) {
      const stopped = heard(other, ({ kind }) => kind === 'pauses');
      await store.setPause(pause, isPaused);
      await stopped;
    }
    const isPace = ({ kind, id }: StoreChange) => kind === 'pacing' && id === 'default';
    const urgent = heard(other, isPace);
    await store.exchangePacing({ ...exchange, publish: null, isUrgent: true });
    await urgent;
    const published = heard(other, isPace);
    await store.exchangePacing({ ...exchange, publish: { state: 's', version: 0 }, isUrgent: false });
    await published;
    t.pass('all were heard');
  });
}

function heard(store: Store, isExpected: (change: StoreChange) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = store.onChange((change) => {
      if (!isExpected(change)) return;
      stop();
      resolve();
    });
  });
}
