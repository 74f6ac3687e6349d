import t from 'tap';
import { createFinalWatch } from '../../src/delivery/final-watch.ts';
import { createManualClock, settle } from '../support/manual-clock.ts';
import { createFakeStore } from './fake-store.ts';

t.test('a wait that ends while the store is asked asks no more', async (t) => {
  const clock = createManualClock();
  const asked = Promise.withResolvers<null>();
  const store = createFakeStore({ onChange: () => () => undefined, get: () => asked.promise });
  const watch = createFinalWatch({ clock, store });
  const waiting = watch.wait('msg_1', 1_500);
  await clock.advance(1_500);
  await waiting;
  asked.reject(new Error('out of reach'));
  await settle();
  t.equal(clock.pending, 0);
});
