import type { Test } from 'tap';
import type { CreatePlace } from '../contract.ts';
import { ids, insertRows, keyed, picking, stage } from './support.ts';

/** What became of messages whose `insert` got no answer. */
export async function insertContract(t: Test, createPlace: CreatePlace): Promise<void> {
  await t.test('whoever asks hears what is stored, and it stays as it is', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const [waiting, taken, missing] = [row(), row(), row()];
    await insertRows(store, taken);
    await store.take(picking(clock.now(), 1));
    await store.insert([keyed(waiting, 'k')]);
    const refused = [waiting, missing, taken].map((each) => ({
      ...each,
      state: 'failed' as const,
      payload: null,
      requestId: '',
      endedAt: clock.now(),
    }));
    t.strictSame(await store.wereStored(refused), [true, false, true]);
    t.strictSame(await store.wereStored([]), []);
    t.strictSame(await store.get(waiting.id), waiting);
    t.match(await store.findKey('k'), { messageId: waiting.id });
    t.match(await store.get(taken.id), { state: 'sending', payload: taken.payload });
    t.notMatch(await store.get(missing.id), { state: 'queued' });
    t.strictSame(ids(await store.take(picking(clock.now(), 9))), [waiting.id]);
  });
}
