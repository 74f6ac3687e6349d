import t from 'tap';
import { createQueuedCount } from '../../src/store/postgres/queued-count.ts';
import type { InsertResult } from '../../src/store/requests.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { createRow } from './contract/support.ts';

const INSERTED: InsertResult = { kind: 'inserted' };

t.test('what is stored while a count runs is counted, and what the count has seen not twice', async (t) => {
  const clock = createManualClock();
  let countedAt = clock.monotonic();
  const queued = createQueuedCount({ flows: async () => [], countedAt: () => countedAt }, clock);
  const message = { row: createRow(clock.now(), { mode: 'async', state: 'queued' }), key: null };
  const store = (results: readonly InsertResult[]) =>
    queued.stored(
      results.map(() => message),
      results,
    );
  await clock.advance(10);
  store([INSERTED, INSERTED]);
  store([INSERTED]);
  t.equal(await queued.now(), 3, 'the count began before they were there');
  store([{ kind: 'taken', record: { fingerprint: 'f', messageId: 'm', answer: null } }]);
  t.equal(await queued.now(), 3, 'what was known is not new');

  countedAt = clock.monotonic() + 1;
  t.equal(await queued.now(), 0, 'the next one began when they were');
});
