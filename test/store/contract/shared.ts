import type { Test } from 'tap';
import type { Store } from '../../../src/store/store.ts';
import type { CreatePlace } from '../contract.ts';
import { insertRows, sent, stage } from './support.ts';

type Change = Parameters<Parameters<Store['onChange']>[0]>[0];

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
    await store.take({ account: 'default', limit: 1, now: clock.now() });
    await store.settle([sent(message.id, clock.now())]);
    await settled;
    t.pass('both were heard');
  });
}

function heard(store: Store, isExpected: (change: Change) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = store.onChange((change) => {
      if (!isExpected(change)) return;
      stop();
      resolve();
    });
  });
}
