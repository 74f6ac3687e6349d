import { inspect } from 'node:util';
import t, { type Test } from 'tap';
import { systemClock } from '../../src/kernel/clock.ts';
import { StorageUnavailable } from '../../src/store/errors.ts';
import type { PacingExchange } from '../../src/store/flows.ts';
import { createPostgresStore } from '../../src/store/postgres/postgres-store.ts';
import type { StoreChange } from '../../src/store/requests.ts';
import type { Store } from '../../src/store/store.ts';
import { type StopMode, startPostgres } from '../support/postgres.ts';
import { createRow, ids, insertRows, picking, RESEND, sent, stage } from './contract/support.ts';
import { postgresPlace } from './postgres-place.ts';

const server = await startPostgres(t);
const place = (t: Parameters<typeof postgresPlace>[0]) => postgresPlace(t, server);

for (const mode of ['immediate', 'fast'] satisfies StopMode[]) {
  t.test(`PostgreSQL restarted under load (${mode}) loses nothing and gives nothing twice`, async (t) => {
    const { clock, process, row } = await stage(t, place);
    const stores = [await process('a'), await process('b')];
    const load = createLoad(t, () => row(), clock.now());
    const working = stores.flatMap((store) => [load.insert(store), load.insert(store), load.send(store)]);
    for (const goal of [150, 400]) {
      await load.reached(goal);
      const restarted = load.interrupt();
      await server.stop(mode);
      await server.start();
      restarted();
    }
    await load.reached(600);
    load.stop();
    await Promise.all(working);

    const stored = await everything(stores[0] as Store);
    const states = new Map(stored.map(({ id, state }) => [id, state]));
    t.strictSame(
      [...load.accepted].filter((id) => !states.has(id)),
      [],
      'all that was accepted is there',
    );
    t.strictSame(
      [...load.settled].filter((id) => states.get(id) !== 'sent'),
      [],
      'all that was settled is',
    );
    t.strictSame(load.takenTwice, [], 'nothing was taken twice');
    t.ok(load.failures > 0, 'the restarts were felt');
    t.equal(load.otherErrors, 0, 'and always as StorageUnavailable');
  });
}

t.test('while PostgreSQL is down every call says so, and afterwards all is well by itself', async (t) => {
  const { clock, process, row } = await stage(t, place);
  const store = await process('a');
  const message = row();
  await insertRows(store, message);
  await server.stop('fast');
  const now = clock.now();
  const calls: (() => Promise<unknown>)[] = [
    () => insertRows(store, row()),
    () => store.insertBatch([], { scope: 's', fingerprint: 'f' }, () => fail(), now),
    () => store.wereStored([row()]),
    () => store.findKey('k'),
    () => store.findKeyed(['k']),
    () => store.forgetBatch({ scope: 'k', fingerprint: 'f' }),
    () => store.take(picking(now, 1)),
    () => store.undoTake('default', now),
    () => store.begin(message.id),
    () => store.settle([sent(message.id, now)]),
    () => store.cancel(message.id, now, now),
    () => store.cancelMany({}, now, now),
    () => store.resolve(message.id, { state: 'failed', objectId: null, now }),
    () => store.get(message.id),
    () => store.list({}, 1, null),
    () => store.readyFlows(now),
    () => store.backlog(),
    () => store.queuedCount(),
    () => store.unknownCount(),
    () => store.position(message.id, 1),
    () => store.heartbeat(now, 1),
    () => store.recover(now, RESEND, now),
    () => store.expire(now, 1, now, []),
    () => store.takeUnreconciled({ account: 'default', now, afterMs: 1, mostMs: 4, times: 9 }),
    () => store.reconciled(message.id),
    () => store.sweep(now, 0, 0, 1),
    () => store.neededFiles(),
    () => store.exchangePacing(exchange(now)),
    () => store.setPause({ account: 'default', lane: null, caller: null, since: now }, true),
    () => store.pauses(),
    () => store.secret(),
    () => store.check(),
  ];
  for (const call of calls) await t.rejects(call(), StorageUnavailable, String(call));
  const recorded = row({ mode: 'sync', state: 'sent', endedAt: now });
  store.record(recorded);
  await server.start();

  await untilItWorks(store);
  t.strictSame(await store.get(message.id), message);
  t.strictSame(await store.pauses(), [], 'what was refused did not happen');
  t.match(await store.exchangePacing(exchange(now)), { version: 0 });
  t.strictSame(await store.get(recorded.id), recorded, 'what was recorded meanwhile is not lost');
  t.strictSame(ids(await store.take(picking(now, 1))), [message.id], 'its lease is still good');
});

t.test('of very many that are canceled, each piece counts by itself', async (t) => {
  const { url, openReal } = await place(t);
  const store = await openReal('a');
  const now = systemClock.now();
  await insertRows(store, ...Array.from({ length: 5_001 }, () => createRow(now)));
  await server.run(
    url,
    `CREATE FUNCTION once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       IF EXISTS (SELECT FROM commbox_gateway.messages WHERE state = 'canceled') THEN RAISE 'no more'; END IF;
       RETURN NULL;
     END $$`,
  );
  await server.run(
    url,
    'CREATE TRIGGER once BEFORE UPDATE ON commbox_gateway.messages FOR EACH STATEMENT EXECUTE FUNCTION once()',
  );
  await t.rejects(store.cancelMany({}, now, now), StorageUnavailable);
  t.equal(await store.queuedCount(), 1, 'the first piece stays canceled');
  await server.run(url, 'DROP TRIGGER once ON commbox_gateway.messages');
  t.equal(await store.cancelMany({}, now, now), 1, 'and a repeat does the rest');
});

t.test('news between replicas comes again after a restart, and the gap is announced', async (t) => {
  const { openReal } = await place(t);
  const [teller, hearer] = [await openReal('a'), await openReal('b')];
  const kinds = ['ready', 'settled', 'pacing', 'pauses'] as const;
  const gaps = Promise.all([teller, hearer].flatMap((store) => kinds.map((kind) => heard(store, kind, null))));
  await server.stop('fast');
  await server.start();
  await gaps;
  const news = heard(hearer, 'ready', null);
  await untilItWorks(teller);
  await insertRows(teller, createRow(systemClock.now()));
  await news;
  t.pass('heard');
});

t.test('a database that cannot be opened is named without its password', async (t) => {
  const url = new URL(await server.freshDatabase());
  const changed = (change: (url: URL) => void) => {
    const other = new URL(url);
    change(other);
    return other.href;
  };
  const urls = [
    changed((other) => {
      other.port = '1';
    }),
    changed((other) => {
      other.password = 'wrong-password';
    }),
    changed((other) => {
      other.pathname = '/no_such_database';
    }),
    url.href.replace(/:\d+\//, ':not-a-port/'),
    changed((other) => {
      other.searchParams.set('sslmode', 'require');
    }),
  ];
  for (const databaseUrl of urls) {
    const options = { databaseUrl, owner: 'a', clock: systemClock, spoolDirectory: '/nowhere' };
    const error = await createPostgresStore(options).then(
      () => null,
      (reason: unknown) => reason,
    );
    t.ok(error instanceof StorageUnavailable, databaseUrl);
    const shown = inspect(error, { depth: 10, showHidden: true });
    t.notMatch(shown, url.password);
    t.notMatch(shown, 'wrong-password');
  }
});

const exchange = (now: number): PacingExchange => ({
  account: 'default',
  now,
  report: 'r',
  reportsLastMs: 1_000,
  publish: null,
  isUrgent: true,
});

function fail(): never {
  throw new Error('there is nothing to answer');
}

/** Processes that accept and send as fast as they can, and what they were told. */
function createLoad(t: Test, createRow: () => ReturnType<Awaited<ReturnType<typeof stage>>['row']>, now: number) {
  const accepted = new Set<string>();
  const settled = new Set<string>();
  const taken = new Set<string>();
  const takenTwice: string[] = [];
  const goals: { readonly count: number; readonly resolve: () => void }[] = [];
  let isStopped = false;
  let up: Promise<void> = Promise.resolve();
  const load = { accepted, settled, takenTwice, failures: 0, otherErrors: 0, insert, send, reached, interrupt, stop };

  async function repeat(step: () => Promise<void>): Promise<void> {
    while (!isStopped) {
      try {
        await step();
      } catch (error) {
        load.failures++;
        if (!(error instanceof StorageUnavailable)) load.otherErrors++;
        await up;
      }
    }
  }

  function insert(store: Store): Promise<void> {
    return repeat(async () => {
      const rows = [createRow(), createRow()];
      await Promise.all(
        rows.map(async (row) => {
          await insertRows(store, row);
          accepted.add(row.id);
        }),
      );
      for (const { count, resolve } of goals) if (accepted.size >= count) resolve();
    });
  }

  function send(store: Store): Promise<void> {
    return repeat(async () => {
      const rows = await store.take(picking(now, 10));
      for (const { id } of rows) {
        if (taken.has(id)) takenTwice.push(id);
        taken.add(id);
      }
      const results = await store.settle(rows.map(({ id }) => sent(id, now)));
      rows.forEach(({ id }, index) => {
        if (results[index] === true) settled.add(id);
        else t.fail(`${id} was lost`);
      });
    });
  }

  function reached(count: number): Promise<void> {
    return new Promise((resolve) => goals.push({ count, resolve }));
  }

  function interrupt(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    up = promise;
    return resolve;
  }

  function stop(): void {
    isStopped = true;
  }

  return load;
}

async function everything(store: Store) {
  await untilItWorks(store);
  return store.list({}, 100_000, null);
}

async function untilItWorks(store: Store): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    try {
      return await store.check();
    } catch {
      // Connections from before the restart fail once each.
    }
  }
  await store.check();
}

function heard(store: Store, expected: StoreChange['kind'], expectedId: string | null): Promise<void> {
  return new Promise((resolve) => {
    const stop = store.onChange(({ kind, id }) => {
      if (kind !== expected || id !== expectedId) return;
      stop();
      resolve();
    });
  });
}
