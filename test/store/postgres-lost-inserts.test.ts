import t, { type Test } from 'tap';
import { systemClock } from '../../src/kernel/clock.ts';
import { StorageUnavailable } from '../../src/store/errors.ts';
import type { MessageRow } from '../../src/store/message-row.ts';
import { createPostgresStore } from '../../src/store/postgres/postgres-store.ts';
import { startDatabaseProxy } from '../support/database-proxy.ts';
import { startPostgres } from '../support/postgres.ts';
import { createRow, ids, insertRows, keyed, picking } from './contract/support.ts';
import { postgresPlace } from './postgres-place.ts';

const server = await startPostgres(t);
const now = systemClock.now();

const refused = (row: MessageRow): MessageRow => ({ ...row, state: 'failed', payload: null, endedAt: now });

/** A store whose connections break while the server is at the insert of two messages, `when` the first is in its place. */
async function loseInsert(t: Test, when: 'BEFORE' | 'AFTER') {
  const { url, spoolOf, openReal } = await postgresPlace(t, server);
  const other = await openReal('b');
  await server.run(
    url,
    `CREATE FUNCTION stall() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(2); RETURN NEW; END $$`,
  );
  await server.run(
    url,
    `CREATE TRIGGER stall ${when} INSERT ON commbox_gateway.messages FOR EACH ROW
     WHEN (NEW.reference = 'slow' AND NEW.state = 'queued') EXECUTE FUNCTION stall()`,
  );
  const proxy = await startDatabaseProxy(t, url);
  const options = { owner: 'a', clock: systemClock, spoolDirectory: spoolOf('a') };
  const store = await createPostgresStore({ ...options, databaseUrl: proxy.url });
  t.teardown(() => store.close());
  const [slow, quick] = [createRow(now, { reference: 'slow' }), createRow(now)];
  const inserting = store.insert([keyed(slow, 'k'), { row: quick, key: null }]);
  const count = async () =>
    (
      await server.run(
        url,
        `SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()`,
      )
    ).length;
  while ((await count()) === 0);
  proxy.breakAll();
  await t.rejects(inserting, StorageUnavailable);
  t.equal(await other.get(slow.id), null, 'whoever only looks would say that it is not there');
  return {
    store,
    other,
    slow,
    quick,
    over: async () => {
      while ((await count()) > 0);
    },
  };
}

t.test('a statement that the server goes on with after its connection broke is waited for', async (t) => {
  const { store, other, slow, quick } = await loseInsert(t, 'AFTER');
  t.strictSame(await store.wereStored([refused(slow), refused(quick)]), [true, true]);
  t.strictSame(await other.get(slow.id), slow);
  t.match(await other.findKey('k'), { messageId: slow.id });
});

t.test('one that has not come to the message yet stores nothing any more', async (t) => {
  const { store, other, slow, quick, over } = await loseInsert(t, 'BEFORE');
  t.strictSame(await store.wereStored([refused(slow), refused(quick)]), [false, false]);
  await over();
  t.match(await other.get(slow.id), { state: 'failed', payload: null });
  t.match(await other.get(quick.id), { state: 'failed', payload: null });
  t.equal(await other.findKey('k'), null);
});

t.test('a statement that the server reads later stores nothing at all', async (t) => {
  const { openReal } = await postgresPlace(t, server);
  const [store, other] = [await openReal('a'), await openReal('b')];
  const rows = Array.from({ length: 450 }, () => createRow(now));
  t.ok(
    (await store.wereStored(rows.map(refused))).every((wasStored) => !wasStored),
    'all that were lost at once',
  );
  const [first, last] = [rows[0] as MessageRow, rows.at(-1) as MessageRow];
  const companion = createRow(now);
  await t.rejects(other.insert([keyed(first, 'k'), { row: companion, key: null }]), StorageUnavailable);
  await t.rejects(insertRows(other, last), StorageUnavailable);
  t.equal(await other.get(companion.id), null);
  t.equal(await other.findKey('k'), null, 'its key is free');
  t.strictSame(await store.take(picking(now, 9)), []);
  t.match(await store.get(first.id), { state: 'failed', payload: null }, 'what took its place says so');
  t.strictSame(await store.wereStored([refused(first)]), [true], 'asked again it is there, and has ended');
  await store.sweep(now, 0, now + 1, 1_000);
  t.strictSame(ids(await store.list({}, 9, null)), [], 'and goes like every other');
});
