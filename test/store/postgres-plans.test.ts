import t, { type Test } from 'tap';
import { systemClock } from '../../src/kernel/clock.ts';
import type { Store } from '../../src/store/store.ts';
import { startPostgres } from '../support/postgres.ts';
import { createRow, HOUR_MS, insertRows, picking, sent } from './contract/support.ts';
import { postgresPlace } from './postgres-place.ts';

const server = await startPostgres(t);
const now = systemClock.now();
const MANY = 10_000;
// PostgreSQL plans a named statement anew five times, and may then keep to one plan for all values.
const TIMES = 8;
const MOST_READ = 2_500;

type Statistics = 'of an empty queue' | 'of its first flow alone' | 'of now';

for (const statistics of ['of an empty queue', 'of its first flow alone', 'of now'] satisfies Statistics[]) {
  t.test(`however many wait, nothing reads through them, with statistics ${statistics}`, async (t) => {
    const { url, open } = await crowdedPlace(t, statistics);
    const failure = { code: 'overloaded', outcome: 'not_sent', detail: '', upstream: null } as const;
    const reasons = [{ account: null, lane: null, caller: null, failure }];
    const step = async (name: string, work: (store: Store, round: number) => Promise<unknown>) => {
      const before = await rowsRead(url);
      // What was read is counted for good when the connection ends.
      const store = await open();
      for (let round = 0; round < TIMES; round++) await work(store, round);
      await store.close();
      const read = (await rowsRead(url)) - before;
      t.ok(read < MOST_READ, `${name}: ${read} rows for ${TIMES} times`);
    };
    const take = (lane: 'normal' | 'bulk' | 'critical', caller: string, before?: string) => (store: Store) =>
      store.take(picking(now, 4, { lane, caller, ...(before !== undefined && { before }) }));

    await step('a long flow', take('normal', 'billing'));
    await step('a caller behind others', take('bulk', 'ops'));
    await step('another lane of a caller with a long one', take('critical', 'billing'));
    await step('an empty flow', take('critical', 'nobody'));
    await step('a flow that is all for later', take('normal', 'later'));
    await step('a flow that became ready all at once', take('normal', 'due'));
    await step('only what is older than all of it', take('normal', 'due', 'msg_c'));
    await step('many flows', (store) =>
      store.take({
        account: 'default',
        now,
        picks: ['billing', 'later', 'due'].flatMap((caller) =>
          (['critical', 'normal', 'bulk'] as const).map((lane) => ({ lane, caller, limit: 2 })),
        ),
      }),
    );
    await step('the ready flows', (store) => store.readyFlows(now));
    await step('how many are unknown', (store) => store.unknownCount());
    await step('a position', (store) => store.position('msg_a00009000', 50));
    await step('a plain message with a key', async (store) => {
      const row = createRow(now, { mode: 'sync' });
      await insertRows(store, row);
      t.equal(await store.begin(row.id), true);
      t.strictSame(await store.settle([sent(row.id, now)]), [true]);
    });
    await step('cancel', async (store, round) => {
      t.equal(await store.cancel(`msg_a0000800${round}`, now, now), true);
    });
    await step('resolve', (store) => store.resolve('msg_a00007000', { state: 'sent', objectId: null, now }));
    await step('cancel by reference', (store) => store.cancelMany({ reference: 'none' }, now, now));
    await step('expire', (store) => store.expire(now, 10, now, reasons));
    await step('a page of those that wait', (store) => store.list({ states: ['queued'] }, 20, null));
  });
}

/** Very many messages of three flows, and a few of others that came later. */
async function crowdedPlace(t: Test, statistics: Statistics) {
  const { url, openReal } = await postgresPlace(t, server);
  const open = () => openReal('a', 1);
  await open();
  const table = 'commbox_gateway.messages';
  const fill = async (first: string, count: number, members: string, values: string) =>
    server.run(
      url,
      `INSERT INTO ${table} (id, account, channel, stream, stream_id, mode, on_unknown, sends_to_client, created_at,
         request_id, body, payload_bytes, attempts, is_recorded, is_erased, ${members})
       SELECT 'msg_${first}' || lpad(i::text, 8, '0'), 'default', 'sms', 'sms', '532', 'async', 'hold', false, ${now},
         '', '{}', 2, '[]', false, false, ${values} FROM generate_series(1, ${count}) AS i`,
    );
  const queue = (first: string, count: number, caller: string, lane: string, readyAt: number, isScheduled: boolean) =>
    fill(
      first,
      count,
      'state, caller, lane, ready_at, is_scheduled',
      `'queued', '${caller}', '${lane}', ${readyAt}, ${isScheduled}`,
    );

  const analyze = async (moment: Statistics) => {
    if (moment === statistics) await server.run(url, `ANALYZE ${table}`);
  };

  await server.run(url, `ALTER TABLE ${table} SET (autovacuum_enabled = off)`);
  const done = 'state, caller, lane, ready_at, is_scheduled, ended_at';
  if (statistics !== 'of its first flow alone') await fill('0', MANY, done, `'sent', 'billing', 'normal', 1, false, 1`);
  await analyze('of an empty queue');
  await queue('a', MANY, 'billing', 'normal', 1, false);
  await analyze('of its first flow alone');
  await queue('c', MANY, 'due', 'normal', now - 1, true);
  await queue('d', MANY, 'later', 'normal', now + HOUR_MS, true);
  await queue('x', 10, 'ops', 'bulk', 1, false);
  await queue('y', 10, 'billing', 'critical', 1, false);
  await analyze('of now');
  return { url, open };
}

async function rowsRead(url: string): Promise<number> {
  const [row] = await server.run(
    url,
    `SELECT (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE schemaname = 'commbox_gateway')
      + (SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE schemaname = 'commbox_gateway') AS read`,
  );
  return Number(row?.['read']);
}
