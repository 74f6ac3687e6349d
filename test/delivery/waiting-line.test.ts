import t from 'tap';
import { createWaitingLine } from '../../src/delivery/waiting-line.ts';
import { queuedMessage } from '../support/messages.ts';

const messages = (count: number) => Array.from({ length: count }, () => queuedMessage(0));

t.test('first come, first served', async (t) => {
  const line = createWaitingLine();
  const all = messages(3);
  for (const message of all) line.add(message);
  t.equal(line.peek(), all[0]);
  t.equal(line.length, 3, 'looking takes nothing');
  t.strictSame([line.take(), line.take(), line.take(), line.take()], [...all, undefined]);
  t.equal(line.peek(), undefined);
});

t.test('one that comes back takes its old place', async (t) => {
  const line = createWaitingLine();
  const [one, two, three, four] = messages(4);
  if (!one || !two || !three || !four) throw new Error('too few');
  for (const message of [one, two, three]) line.add(message);
  line.take();
  line.take();
  line.add(two);
  line.add(four);
  line.add(one);
  t.strictSame(line.all(), [one, two, three, four]);
});

t.test('those that ended meanwhile are passed over', async (t) => {
  const line = createWaitingLine();
  const all = messages(5);
  for (const message of all) line.add(message);
  for (const n of [0, 1, 3]) if (all[n] !== undefined) all[n].state = 'canceled';
  t.equal(line.peek(), all[2]);
  t.strictSame(line.all(), [all[2], all[4]]);
  t.strictSame([line.take(), line.take(), line.take()], [all[2], all[4], undefined]);
});

t.test('the order holds over thousands that come and go', async (t) => {
  const line = createWaitingLine();
  const all = messages(5_000);
  const served: unknown[] = [];
  for (const [n, message] of all.entries()) {
    line.add(message);
    if (n % 3 !== 0) served.push(line.take());
  }
  while (line.length > 0) served.push(line.take());
  t.strictSame(served, all);
});

t.test('what ended at the end of the line is let go', async (t) => {
  const line = createWaitingLine();
  const all = messages(4);
  for (const message of all) line.add(message);
  for (const n of [1, 2, 3]) if (all[n] !== undefined) all[n].state = 'failed';
  line.trim();
  t.equal(line.length, 1);
  line.take();
  line.trim();
  t.equal(line.length, 0);
});
