import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { inspect } from 'node:util';
import t from 'tap';
import { systemClock } from '../../src/kernel/clock.ts';
import { AttachmentDamaged } from '../../src/store/errors.ts';
import { createPostgresStore } from '../../src/store/postgres/postgres-store.ts';
import { startPostgres } from '../support/postgres.ts';
import { spool } from './contract/files.ts';
import {
  eventually,
  HOUR_MS,
  ids,
  insertRows,
  keyed,
  picking,
  RESEND,
  sent,
  stage,
  stateOf,
} from './contract/support.ts';
import { postgresPlace } from './postgres-place.ts';

const server = await startPostgres(t);
const place = (t: Parameters<typeof postgresPlace>[0]) => postgresPlace(t, server);
const fileRow = (files: Awaited<ReturnType<typeof spool>>[]) => ({ kind: 'multipart', data: '{}', files }) as const;

t.test('two replicas that race for a thousand messages send each once, in order', async (t) => {
  const { clock, process, row } = await stage(t, place);
  const stores = [await process('a'), await process('b')];
  const rows = Array.from({ length: 1000 }, () => row());
  await Promise.all(rows.map((each, index) => insertRows(stores[index % 2] as (typeof stores)[0], each)));
  const request = picking(clock.now(), 16);
  const got = await Promise.all(
    stores.map(async (store) => {
      const mine: string[] = [];
      for (let taken = await store.take(request); taken.length > 0; taken = await store.take(request)) {
        mine.push(...ids(taken));
        const results = await store.settle(taken.map(({ id }) => sent(id, clock.now())));
        t.notOk(results.includes(false));
      }
      return mine;
    }),
  );
  t.strictSame(got.flat().sort(), ids(rows));
  for (const mine of got) t.strictSame(mine, [...mine].sort());
  t.strictSame(await stores[0]?.list({ states: ['queued', 'sending'] }, 5, null), []);
});

t.test(
  'replicas that pick from several flows at once share them out, and no pick gets more than its limit',
  async (t) => {
    const { clock, process, row } = await stage(t, place);
    const stores = [await process('a'), await process('b')];
    const callers = ['billing', 'shop', 'alerts'];
    const lanes = ['critical', 'normal', 'bulk'] as const;
    const later = (i: number) => (i % 4 === 0 ? { readyAt: clock.now() + 5 - (i % 3) } : {});
    const rows = Array.from({ length: 600 }, (_, i) =>
      row({ caller: callers[i % 3] ?? '', lane: lanes[Math.trunc(i / 7) % 3] ?? 'bulk', ...later(i) }),
    );
    await insertRows(stores[0] as (typeof stores)[0], ...rows);
    await clock.advance(5);
    const picks = lanes.flatMap((lane, i) => callers.map((caller) => ({ lane, caller, limit: i + 1 })));
    const request = { account: 'default', now: clock.now(), picks };
    const got = await Promise.all(
      stores.map(async (store) => {
        const mine: string[] = [];
        for (let taken = await store.take(request); taken.length > 0; taken = await store.take(request)) {
          mine.push(...ids(taken));
          for (const { lane, caller, limit } of picks) {
            const own = ids(taken.filter((each) => each.lane === lane && each.caller === caller));
            t.ok(own.length <= limit);
            t.strictSame(own, own.toSorted());
          }
        }
        return mine;
      }),
    );
    t.strictSame(got.flat().sort(), ids(rows));
    t.strictSame(await stores[1]?.readyFlows(clock.now()), []);
  },
);

t.test('the clocks of replicas do not matter for leases: a paused one loses what it held', async (t) => {
  const { place: shared, row } = await stage(t, place);
  const { url, spoolOf } = shared as Awaited<ReturnType<typeof postgresPlace>>;
  const open = async (owner: string, now: number) => {
    const clock = { ...systemClock, now: () => now };
    const options = { databaseUrl: url, owner, clock, spoolDirectory: spoolOf(owner), connections: 2 };
    const store = await createPostgresStore(options);
    t.teardown(() => store.close());
    return store;
  };
  const [behind, ahead] = [await open('behind', Date.UTC(2000)), await open('ahead', Date.UTC(2100))];
  await behind.heartbeat(Date.UTC(2000), 60_000);
  await ahead.heartbeat(Date.UTC(2100), 60_000);
  const message = row({ createdAt: 1, readyAt: 1 });
  await insertRows(behind, message);
  await behind.take(picking(Date.UTC(2000), 1));
  t.strictSame(await ahead.recover(Date.UTC(2100), RESEND, Date.UTC(2100)), [], 'its lease has a minute to go');

  await behind.heartbeat(Date.UTC(2000), 0);
  t.strictSame(await ahead.recover(Date.UTC(2100), RESEND, Date.UTC(2100)), [message.id]);
  t.strictSame(await behind.settle([sent(message.id, Date.UTC(2000))]), [false]);
  t.equal(await stateOf(ahead, message.id), 'unknown');
  t.strictSame(await behind.take(picking(Date.UTC(2000), 1)), [], 'nor may it take more');
  t.equal(await behind.heartbeat(Date.UTC(2000), 60_000), false);
  t.equal(await behind.heartbeat(Date.UTC(2000), 60_000), true);
});

t.test('what is accepted under a lost lease is held under the next one', async (t) => {
  const { clock, process, row } = await stage(t, place);
  const [slow, other] = [await process('a'), await process('b')];
  await clock.advance(10_000);
  await other.heartbeat(clock.now(), HOUR_MS);
  await other.recover(clock.now(), RESEND, clock.now());
  const messages = [row({ mode: 'sync' }), row({ state: 'sending' }), row()] as const;
  await Promise.all([slow.insert([keyed(messages[0], 'k')]), insertRows(slow, messages[1], messages[2])]);
  t.strictSame(await other.recover(clock.now(), RESEND, clock.now()), []);
  t.equal(await slow.begin(messages[0].id), true);
  t.equal(await slow.heartbeat(clock.now(), HOUR_MS), false, 'what was held before is lost all the same');
  t.strictSame(await slow.settle(messages.map(({ id }) => sent(id, clock.now()))), [true, true, false]);
});

t.test('one message that cannot be stored takes no other with it', async (t) => {
  const { process, row } = await stage(t, place);
  const store = await process('a');
  const [present, good, odd] = [row(), row(), row({ reference: 'a\0b' })];
  await insertRows(store, present);
  const results = await Promise.allSettled([present, good, odd].map((each) => insertRows(store, each)));
  t.strictSame(
    results.map(({ status }) => status),
    ['rejected', 'fulfilled', 'fulfilled'],
  );
  t.notMatch(inspect(results[0], { depth: 9 }), present.id, 'what PostgreSQL says of a row stays out of the error');
  t.strictSame(await store.get(good.id), good);
  t.equal((await store.get(odd.id))?.reference, 'a\ufffdb');
});

t.test('attachments travel through the database and leave no copy behind', async (t) => {
  const { clock, place: shared, process, row } = await stage(t, place);
  const { url } = shared as Awaited<ReturnType<typeof postgresPlace>>;
  const [store, other] = [await process('a'), await process('b')];
  const content = Buffer.alloc(1_300_000, 'ab');
  const file = await spool(shared, 'a', { name: 'report.pdf', content });
  const message = row({ payload: fileRow([file]) });
  await insertRows(store, message);
  const [taken] = await other.take(picking(clock.now(), 1));
  if (taken === undefined) throw new Error('nothing was taken');
  const [local] = await other.localFiles(taken);
  if (local === undefined) throw new Error('there is no file');
  t.equal(local.path, join(shared.spoolOf('b'), basename(file.path)));
  t.ok((await readFile(local.path)).equals(content));
  t.equal((await stat(local.path)).mode & 0o777, 0o600);

  await writeFile(local.path, 'damaged');
  await other.localFiles(taken);
  t.ok((await readFile(local.path)).equals(content), 'a damaged copy is fetched again');

  await other.settle([sent(message.id, clock.now())]);
  t.strictSame(await server.run(url, 'SELECT * FROM commbox_gateway.message_files'), []);
  await eventually(async () => ((await readdir(shared.spoolOf('a'))).length === 0 ? true : null));
  t.pass('the process that accepted it has removed its copy');
  const sweep = async () => (await store.sweep(clock.now(), 0, 0, 10)).files;
  t.strictSame(await sweep(), [basename(file.path)], 'and tells its spool');
  t.strictSame(await sweep(), [], 'which it says once');
});

t.test('an attachment that is damaged in the database is not sent', async (t) => {
  const { clock, place: shared, process, row } = await stage(t, place);
  const { url } = shared as Awaited<ReturnType<typeof postgresPlace>>;
  const [store, other] = [await process('a'), await process('b')];
  const file = await spool(shared, 'a', { name: 'report.pdf' });
  const [message, sync] = [row({ payload: fileRow([file]) }), row({ mode: 'sync', payload: fileRow([file]) })];
  await insertRows(store, message, sync);
  await server.run(url, "UPDATE commbox_gateway.message_files SET bytes = 'something else'");
  const [taken] = await other.take(picking(clock.now(), 1));
  if (taken === undefined) throw new Error('nothing was taken');
  await t.rejects(other.localFiles(taken), AttachmentDamaged);
  await t.rejects(other.localFiles(sync), AttachmentDamaged, 'those of plain messages stay on their machine');
  t.strictSame(await readdir(shared.spoolOf('b')), []);

  await writeFile(file.path, 'changed');
  await t.rejects(insertRows(store, row({ payload: fileRow([file]) })), AttachmentDamaged, 'nor accepted');
});

t.test('an attachment of a request with a known key is not stored again', async (t) => {
  const { place: shared, process, row } = await stage(t, place);
  const { url } = shared as Awaited<ReturnType<typeof postgresPlace>>;
  const store = await process('a');
  const file = await spool(shared, 'a', { name: 'report.pdf' });
  const messages = [row({ payload: fileRow([file]) }), row({ payload: fileRow([file]) })] as const;
  await store.insert([keyed(messages[0], 'k')]);
  t.match(await store.insert([keyed(messages[1], 'k')]), [{ kind: 'taken' }]);
  const stored = await server.run(url, 'SELECT message_id FROM commbox_gateway.message_files');
  t.strictSame(stored, [{ message_id: messages[0].id }]);
});

t.test('what lies in the spool without a message is given up after an hour', async (t) => {
  const { clock, place: shared, process, row } = await stage(t, place);
  const store = await process('a');
  const [needed, stray] = [await spool(shared, 'a', { name: 'needed' }), await spool(shared, 'a', { name: 'stray' })];
  await insertRows(store, row({ payload: fileRow([needed]) }));
  const sweep = async () => (await store.sweep(clock.now(), 0, 0, 10)).files;
  t.strictSame(await sweep(), []);
  await clock.advance(HOUR_MS - 1);
  t.strictSame(await sweep(), [], 'a message that is not stored may be using it');
  await clock.advance(1);
  t.strictSame(await sweep(), [basename(stray.path)]);
});
