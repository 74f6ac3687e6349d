import type { Test } from 'tap';
import type { PacingExchange } from '../../../src/store/flows.ts';
import type { CreatePlace } from '../contract.ts';
import { LEASE_MS, RESEND, stage } from './support.ts';

const LAST_MS = 3_000;

const exchange = (now: number, members: Partial<PacingExchange> = {}): PacingExchange => ({
  account: 'default',
  now,
  report: 'mine',
  reportsLastMs: LAST_MS,
  publish: null,
  isUrgent: false,
  ...members,
});

/** What the processes of an installation agree on about an account's pace. */
export async function pacingContract(t: Test, createPlace: CreatePlace): Promise<void> {
  await t.test('a state is published once per version; who comes late gets the newer one', async (t) => {
    const { clock, process } = await stage(t, createPlace);
    const [store, other] = [await process('a'), await process('b')];
    const now = clock.now();
    t.match(await store.exchangePacing(exchange(now)), { state: null, version: 0 });
    const publish = (state: string, version: number) => exchange(now, { publish: { state, version } });
    t.match(await store.exchangePacing(publish('"ראשון"', 0)), { state: '"ראשון"', version: 1 });
    t.match(await other.exchangePacing(publish('late', 0)), { state: '"ראשון"', version: 1 }, 'not written');
    t.match(await other.exchangePacing(publish('early', 2)), { state: '"ראשון"', version: 1 }, 'not written');
    t.match(await other.exchangePacing(publish('second', 1)), { state: 'second', version: 2 });
    t.match(await store.exchangePacing(exchange(now)), { state: 'second', version: 2 });
    t.match(await store.exchangePacing(exchange(now, { account: 'brand-b' })), { state: null, version: 0 });
    t.match(await store.exchangePacing({ ...publish('theirs', 0), account: 'brand-b' }), { version: 1 });
    t.match(await store.exchangePacing(exchange(now)), { state: 'second', version: 2 }, 'each account has its own');
  });

  await t.test('of several that publish at once one wins, and all learn of the same', async (t) => {
    const { clock, process } = await stage(t, createPlace);
    const stores = await Promise.all([process('a'), process('b')]);
    for (let version = 0; version < 5; version++) {
      const views = await Promise.all(
        Array.from({ length: 6 }, (_, i) =>
          stores[i % 2]?.exchangePacing(exchange(clock.now(), { publish: { state: `${version}/${i}`, version } })),
        ),
      );
      t.equal(views.filter((view, i) => view?.state === `${version}/${i}`).length, 1);
      t.equal(new Set(views.map((view) => `${view?.version} ${view?.state}`)).size, 1);
      t.equal(views[0]?.version, version + 1);
    }
  });

  await t.test('what was published outlives every process', async (t) => {
    const { clock, process } = await stage(t, createPlace);
    const [store, other] = [await process('a'), await process('b')];
    await store.exchangePacing(exchange(clock.now(), { publish: { state: 'kept', version: 0 } }));
    await store.close();
    await other.close();
    await clock.advance(100 * LEASE_MS);
    const next = await process('c');
    t.match(await next.exchangePacing(exchange(clock.now())), { state: 'kept', version: 1 });
  });

  await t.test('a process finds its own latest report among the reports', async (t) => {
    const { clock, process } = await stage(t, createPlace);
    const store = await process('a');
    await store.exchangePacing(exchange(clock.now(), { report: 'old' }));
    const { self, reports } = await store.exchangePacing(exchange(clock.now(), { report: 'new' }));
    t.strictSame(reports, new Map([[self, 'new']]));
  });

  await sharedReports(t, createPlace);
}

async function sharedReports(t: Test, createPlace: CreatePlace): Promise<void> {
  await t.test('processes read each other’s latest reports, as long as they last', async (t) => {
    const { clock, place, process } = await stage(t, createPlace);
    const [store, other] = [await process('a'), await process('b')];
    const start = clock.now();
    if (!place.isShared) {
      await other.exchangePacing(exchange(start, { report: 'theirs' }));
      t.strictSame([...(await store.exchangePacing(exchange(start))).reports.values()], ['mine']);
      return;
    }
    await other.exchangePacing(exchange(start, { report: 'older' }));
    const { self: theirName } = await other.exchangePacing(exchange(start, { report: 'theirs' }));
    await other.exchangePacing(exchange(start, { account: 'brand-b', report: 'of another account' }));
    const read = async (now: number) => {
      const { self, reports } = await store.exchangePacing(exchange(now));
      t.not(self, theirName);
      t.equal(reports.get(self), 'mine');
      return reports.get(theirName);
    };
    t.equal(await read(start), 'theirs');
    t.equal(await read(start + LAST_MS), 'theirs');
    t.equal(await read(start + LAST_MS + 1), undefined);
  });

  await t.test('a process without a lease has no part any more', async (t) => {
    const { clock, place, process } = await stage(t, createPlace);
    const [store, lost, closing] = [await process('a'), await process('b'), await process('c')];
    if (!place.isShared) return;
    const reports = async () => {
      const view = await store.exchangePacing(exchange(clock.now(), { reportsLastMs: 10 * LEASE_MS }));
      return [...view.reports.values()].sort();
    };
    await lost.exchangePacing(exchange(clock.now(), { report: 'lost' }));
    await closing.exchangePacing(exchange(clock.now(), { report: 'closing' }));
    t.strictSame(await reports(), ['closing', 'lost', 'mine']);
    await closing.close();
    t.strictSame(await reports(), ['lost', 'mine']);
    await clock.advance(LEASE_MS);
    await store.heartbeat(clock.now(), LEASE_MS);
    await store.recover(clock.now(), RESEND, clock.now());
    t.strictSame(await reports(), ['mine']);
  });
}
