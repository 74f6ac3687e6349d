import { setImmediate as turnEnds } from 'node:timers/promises';
import t from 'tap';
import { createTurnBatch } from '../../src/kernel/turn-batch.ts';

t.test('what one turn brings is handled together, in order, when the turn ends', async (t) => {
  const handled: string[] = [];
  const batch = createTurnBatch((item: string) => handled.push(item));
  batch('one');
  batch('two');
  await Promise.resolve();
  t.strictSame(handled, []);
  await turnEnds();
  t.strictSame(handled, ['one', 'two']);
});

t.test('what comes while a batch is handled is the next one', async (t) => {
  const handled: string[] = [];
  const batch = createTurnBatch((item: string) => {
    handled.push(item);
    if (item === 'one') batch('of one');
  });
  batch('one');
  batch('two');
  await turnEnds();
  await turnEnds();
  t.strictSame(handled, ['one', 'two', 'of one']);
});

t.test('a step may end as soon as what runs now is done', async (t) => {
  const handled: string[] = [];
  const batch = createTurnBatch((item: string) => handled.push(item), queueMicrotask);
  batch('one');
  batch('two');
  t.strictSame(handled, []);
  await Promise.resolve();
  t.strictSame(handled, ['one', 'two']);
});
