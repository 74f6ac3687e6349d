import t from 'tap';
import { createIdSource } from '../../src/kernel/ids.ts';

const FORM = /^msg_[0-9A-HJKMNP-TV-Z]{26}$/;

t.test('ids have the form of ULIDs, and begin with their time', async (t) => {
  // The example of the ULID specification.
  const id = createIdSource('msg_', () => 1_469_918_176_385)();
  t.match(id, FORM);
  t.equal(id.slice(0, 'msg_'.length + 10), 'msg_01ARYZ6S41');
});

t.test('they sort in the order of their making, whatever the clock does', async (t) => {
  let now = 1_700_000_000_000;
  const next = createIdSource('msg_', () => now);
  const ids: string[] = [];
  for (const step of [0, 0, 1, -5_000, 0, 5_001, 10]) {
    now += step;
    for (let n = 0; n < 100; n++) ids.push(next());
  }
  t.strictSame(ids.toSorted(), ids);
  t.equal(new Set(ids).size, ids.length);
  t.ok(ids.every((id) => FORM.test(id)));
});

t.test('a millisecond with more than a million ids goes on in the next one', async (t) => {
  const next = createIdSource('msg_', () => 1_700_000_000_000);
  let last = next();
  let sorted = 0;
  for (let n = 0; n < 32 ** 4; n++) {
    const id = next();
    if (id > last) sorted++;
    last = id;
  }
  t.equal(sorted, 32 ** 4);
});

t.test('two sources never make the same id', async (t) => {
  const [one, other] = [createIdSource('msg_', () => 1), createIdSource('msg_', () => 1)];
  t.not(one(), other());
});
