import t from 'tap';
import { createLedger } from '../../src/delivery/ledger.ts';
import type { Message } from '../../src/delivery/message.ts';
import { createTardy } from '../../src/delivery/tardy.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { queuedMessage } from '../support/messages.ts';
import { createFakeStore } from './fake-store.ts';

t.test('only what has not ended soon is stored, once, and no timer stays behind', async (t) => {
  const clock = createManualClock();
  const here = new Set<Message>();
  const stored: Message[] = [];
  const tardy = createTardy({ clock, here: () => here, store: (message) => void stored.push(message) });
  const [quick, slow] = [queuedMessage(clock.now()), queuedMessage(clock.now())];
  for (const message of [quick, slow]) {
    here.add(message);
    tardy.taken();
  }
  t.equal(clock.pending, 1, 'one timer for all');
  await clock.advance(400);
  here.delete(quick);
  await clock.advance(600);
  t.ok(stored.length === 1 && stored[0] === slow);
  await clock.advance(5_000);
  t.equal(stored.length, 1, 'what could not be stored is not tried again');
  here.clear();
  await clock.advance(250);
  t.equal(clock.pending, 0);
});

/** A message whose row is on its way, and what the store was asked since. */
function arriving() {
  const clock = createManualClock();
  const asked: string[] = [];
  const store = createFakeStore({
    begin: async () => asked.push('begin') > 0,
    settle: async ([one]) => {
      asked.push(`settle ${one?.state}`);
      return [true];
    },
  });
  const ledger = createLedger({ store, clock, keepKeysMs: 1 });
  const message = queuedMessage(clock.now());
  const { promise, resolve } = Promise.withResolvers<boolean>();
  ledger.follow(message, promise);
  return { clock, asked, ledger, message, resolve };
}

t.test('a step is recorded after the row is there, never before', async (t) => {
  const { clock, asked, ledger, message, resolve } = arriving();
  t.equal(message.isStored, true);
  const begun = ledger.begin(message);
  await clock.advance(0);
  t.strictSame(asked, []);
  resolve(true);
  t.equal(await begun, true);
  message.state = 'sending';
  t.equal(await ledger.settle(message, null), 'held');
  t.strictSame(asked, ['begin', 'settle sending']);
});

t.test('an end before the row is there is recorded as it was then', async (t) => {
  const { asked, ledger, message, resolve } = arriving();
  message.state = 'canceled';
  const settled = ledger.settle(message, null);
  resolve(true);
  t.equal(await settled, 'held');
  t.strictSame(asked, ['settle canceled']);
});

t.test('without a store it may start, ends, and is plain again', async (t) => {
  const { asked, ledger, message, resolve } = arriving();
  const steps = [ledger.begin(message), ledger.settle(message, null)];
  resolve(false);
  t.strictSame(await Promise.all(steps), [true, 'held']);
  t.equal(message.isStored, false, 'its end is noted');
  t.strictSame(asked, []);
});
