import t from 'tap';
import { createFlowLines } from '../../src/delivery/flow-lines.ts';
import { queuedMessage } from '../support/messages.ts';

const shop = { lane: 'normal', caller: 'shop' } as const;

t.test('each caller has a line in each lane', async (t) => {
  const lines = createFlowLines();
  const [one, other, bulk] = [
    queuedMessage(0),
    queuedMessage(0, { caller: 'news' }),
    queuedMessage(0, { lane: 'bulk' }),
  ];
  for (const message of [one, other, bulk]) lines.add(message);
  t.equal(lines.take({ lane: 'bulk', caller: 'shop' }), bulk);
  t.equal(lines.take(shop), one);
  t.equal(lines.take(shop), undefined);
  t.strictSame(lines.all(), [other]);
});

t.test('only those that wait are counted', async (t) => {
  const lines = createFlowLines();
  const all = Array.from({ length: 5 }, () => queuedMessage(0));
  for (const message of all) lines.add(message);
  lines.take(shop);
  for (const n of [2, 4]) {
    const message = all[n] ?? queuedMessage(0);
    message.state = 'failed';
    lines.drop(message);
    lines.drop(message);
  }
  t.strictSame(lines.counts(), [{ flow: shop, waiting: 2 }]);
  t.strictSame([lines.take(shop), lines.take(shop), lines.take(shop)], [all[1], all[3], undefined]);
  t.strictSame(lines.counts(), []);
});

t.test('one that was sent back counts again', async (t) => {
  const lines = createFlowLines();
  const message = queuedMessage(0);
  lines.add(message);
  lines.take(shop);
  lines.drop(message);
  lines.add(message);
  t.strictSame(lines.counts(), [{ flow: shop, waiting: 1 }]);
  t.equal(lines.peek(shop), message);
});
