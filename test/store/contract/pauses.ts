import type { Test } from 'tap';
import type { Pause } from '../../../src/store/flows.ts';
import type { Store } from '../../../src/store/store.ts';
import type { CreatePlace } from '../contract.ts';
import { stage } from './support.ts';

/** What an operator has stopped. */
export async function pausesContract(t: Test, createPlace: CreatePlace): Promise<void> {
  await t.test('a stop is set once and lifted once, and every process sees it', async (t) => {
    const { clock, process } = await stage(t, createPlace);
    const [store, other] = [await process('a'), await process('b')];
    const pause: Pause = { account: 'default', lane: null, caller: null, since: clock.now() };
    t.strictSame(await store.pauses(), []);
    t.equal(await store.setPause(pause, false), false, 'there was none');
    t.equal(await store.setPause(pause, true), true);
    t.equal(await other.setPause({ ...pause, since: clock.now() + 1 }, true), false);
    t.strictSame(await store.pauses(), [pause], 'it began when it was first set');
    t.strictSame(await other.pauses(), [pause]);
    t.equal(await other.setPause({ ...pause, since: clock.now() + 2 }, false), true);
    t.equal(await store.setPause(pause, false), false);
    t.strictSame(await store.pauses(), []);
  });

  await t.test('stops of an account, a lane, a caller and of both are each their own', async (t) => {
    const { clock, process } = await stage(t, createPlace);
    const store = await process('a');
    const since = clock.now();
    const all: Pause[] = [
      { account: 'default', lane: null, caller: null, since },
      { account: 'default', lane: 'bulk', caller: null, since },
      { account: 'default', lane: null, caller: 'חיוב', since },
      { account: 'default', lane: 'bulk', caller: 'חיוב', since },
      { account: 'default', lane: 'normal', caller: 'חיוב', since },
      { account: 'brand-b', lane: 'bulk', caller: null, since },
    ];
    for (const pause of all) t.equal(await store.setPause(pause, true), true);
    for (const pause of all) t.equal(await store.setPause(pause, true), false);
    t.strictSame(await sorted(store), byText(all));
    for (const [index, pause] of all.entries()) {
      t.equal(await store.setPause(pause, false), true);
      t.strictSame(await sorted(store), byText(all.slice(index + 1)));
    }
  });

  await t.test('a stop outlives every process', async (t) => {
    const { clock, process } = await stage(t, createPlace);
    const store = await process('a');
    const pause: Pause = { account: 'default', lane: 'bulk', caller: 'billing', since: clock.now() };
    await store.setPause(pause, true);
    await store.close();
    t.strictSame(await (await process('b')).pauses(), [pause]);
  });

  await t.test('of several that set the same stop at once one did it', async (t) => {
    const { clock, process } = await stage(t, createPlace);
    const stores = await Promise.all([process('a'), process('b')]);
    for (const isPaused of [true, false]) {
      const pause: Pause = { account: 'default', lane: null, caller: null, since: clock.now() };
      const changed = await Promise.all([0, 1, 2, 3].map((i) => stores[i % 2]?.setPause(pause, isPaused)));
      t.equal(changed.filter(Boolean).length, 1);
    }
  });
}

const byText = (pauses: readonly Pause[]) =>
  pauses.toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
const sorted = async (store: Store) => byText(await store.pauses());
