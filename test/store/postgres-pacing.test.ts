import t, { type Test } from 'tap';
import type { PacingExchange } from '../../src/store/flows.ts';
import type { StoreChange } from '../../src/store/requests.ts';
import type { Store } from '../../src/store/store.ts';
import { startPostgres } from '../support/postgres.ts';
import { HOUR_MS, RESEND, stage } from './contract/support.ts';
import { postgresPlace } from './postgres-place.ts';

const server = await startPostgres(t);
const place = (t: Test) => postgresPlace(t, server);

const exchange = (report: string, members: Partial<PacingExchange> = {}): PacingExchange => ({
  account: 'default',
  now: 0,
  report,
  reportsLastMs: HOUR_MS,
  publish: null,
  isUrgent: false,
  ...members,
});
const reportsOf = async (store: Store, report: string, members: Partial<PacingExchange> = {}) =>
  [...(await store.exchangePacing(exchange(report, members))).reports.values()].sort();

t.test('what one replica publishes reaches the other at once, and not itself', async (t) => {
  const { process } = await stage(t, place);
  const [store, other] = [await process('a'), await process('b')];
  const own: StoreChange[] = [];
  store.onChange((change) => own.push(change));
  const account = 'מותג b / 1';
  const news = nextPacing(other);
  await store.exchangePacing(exchange('a', { account, publish: { state: '{"rate":7}', version: 0 } }));
  t.equal(await news, account);
  t.match(await other.exchangePacing(exchange('b', { account })), { state: '{"rate":7}', version: 1 });

  const late = nextPacing(store);
  await other.exchangePacing(exchange('b', { account, publish: { state: 'too late', version: 0 } }));
  await other.exchangePacing(exchange('b', { isUrgent: true }));
  t.equal(await late, 'default', 'who published nothing tells nothing');
  t.strictSame(own, [{ kind: 'pacing', id: 'default' }]);
});

t.test('of many replicas that publish the same version at once one wins, and all see what it published', async (t) => {
  const { process } = await stage(t, place);
  const stores = await Promise.all(['a', 'b', 'c', 'd'].map(process));
  for (let version = 0; version < 40; version++) {
    const views = await Promise.all(
      stores.map((store, i) => store.exchangePacing(exchange('r', { publish: { state: `${version}/${i}`, version } }))),
    );
    const winners = views.filter((view, i) => view.state === `${version}/${i}`);
    t.equal(winners.length, 1);
    for (const view of views) t.match(view, { version: version + 1, state: winners[0]?.state });
  }
});

t.test('the report of a replica that died is gone with its lease', async (t) => {
  const { clock, process, place: shared } = await stage(t, place);
  const { url } = shared as Awaited<ReturnType<typeof postgresPlace>>;
  const [dead, other] = [await process('a'), await process('b')];
  await dead.exchangePacing(exchange('dead', { publish: { state: 's', version: 0 } }));
  t.strictSame(await reportsOf(other, 'other'), ['dead', 'other']);
  await clock.advance(HOUR_MS);
  await other.heartbeat(clock.now(), HOUR_MS);
  await other.recover(clock.now(), RESEND, clock.now());
  t.strictSame(await reportsOf(other, 'other'), ['other']);
  t.strictSame(await server.run(url, 'SELECT report FROM commbox_gateway.pacing_reports'), [{ report: 'other' }]);
  t.match(await other.exchangePacing(exchange('other')), { state: 's' }, 'what it published is not');
});

t.test('what a replica reports after it lost its lease counts under the next one', async (t) => {
  const { clock, process } = await stage(t, place);
  const [slow, other] = [await process('a'), await process('b')];
  const { self } = await slow.exchangePacing(exchange('before'));
  await clock.advance(HOUR_MS);
  await other.heartbeat(clock.now(), HOUR_MS);
  await other.recover(clock.now(), RESEND, clock.now());
  const view = await slow.exchangePacing(exchange('after', { publish: { state: 's', version: 0 } }));
  t.not(view.self, self);
  t.equal(view.reports.get(view.self), 'after');
  t.match(view, { state: 's', version: 1 });
  t.strictSame(await reportsOf(other, 'other'), ['after', 'other']);
  t.equal(await slow.heartbeat(clock.now(), HOUR_MS), false, 'it is told all the same');
});

t.test('the age of reports is judged by the clock of the database, however wrong those of replicas are', async (t) => {
  const { url, openReal } = await place(t);
  const [behind, ahead] = [await openReal('behind'), await openReal('ahead')];
  const past = { now: Date.UTC(2000), reportsLastMs: 60_000 };
  const future = { now: Date.UTC(2100), reportsLastMs: 60_000 };
  await behind.exchangePacing(exchange('behind', past));
  t.strictSame(await reportsOf(ahead, 'ahead', future), ['ahead', 'behind']);
  t.strictSame(await reportsOf(behind, 'behind', past), ['ahead', 'behind']);
  await server.run(url, 'UPDATE commbox_gateway.pacing_reports SET reported_at = reported_at - 61000');
  t.strictSame(await reportsOf(ahead, 'ahead', future), ['ahead']);
});

function nextPacing(store: Store): Promise<string | null> {
  return new Promise((resolve) => {
    const stop = store.onChange(({ kind, id }) => {
      if (kind !== 'pacing') return;
      stop();
      resolve(id);
    });
  });
}
