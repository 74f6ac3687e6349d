import t from 'tap';
import type { AttemptResult } from '../../src/delivery/message.ts';
import { StorageUnavailable } from '../../src/store/errors.ts';
import type { Store } from '../../src/store/store.ts';
import { stage } from './stage.ts';

const P = 'commbox_gateway_';

const sent: AttemptResult = { kind: 'sent', durationMs: 120, objectId: '1', raw: null };
const throttled: AttemptResult = { kind: 'throttled', durationMs: 10, retryAfterMs: null };
const refusedKey: AttemptResult = { kind: 'refused', durationMs: 10, code: 'commbox_unauthorized', raw: null };

/** A message after attempts that began so many milliseconds after the epoch. */
function attempted(...startedAt: number[]) {
  const attempts = startedAt.map((at) => ({ at, durationMs: 10, outcome: 'sent', upstreamStatus: 200 }));
  return {
    account: 'default',
    channel: 'sms',
    lane: 'normal',
    caller: 'shop',
    createdAt: 1_000,
    sendAt: null,
    attempts,
  } as const;
}

t.test('requests are counted by route, status and caller, never by URL', async (t) => {
  const { metrics, read } = stage();
  const request = { method: 'POST', route: '/v1/sms', status: 201, caller: 'shop', durationMs: 40 };
  metrics.requestEnded(request);
  metrics.requestEnded({ ...request, durationMs: 400 });
  metrics.requestEnded({ ...request, status: 401, caller: null });
  metrics.requestEnded({ ...request, method: 'GET', route: null, status: 404, caller: null });
  const { value } = await read();
  const route = { method: 'POST', route: '/v1/sms' };
  t.equal(value(`${P}requests_total`, { ...route, status: '201', caller: 'shop' }), 2);
  t.equal(value(`${P}requests_total`, { ...route, status: '401', caller: '(none)' }), 1);
  t.equal(value(`${P}requests_total`, { route: '(none)', status: '404' }), 1);
  t.equal(value(`${P}request_duration_seconds_count`, route), 3);
  t.equal(value(`${P}request_duration_seconds_bucket`, { ...route, le: '0.05' }), 2);
  t.equal(value(`${P}request_duration_seconds_sum`, route)?.toFixed(2), '0.48');
});

t.test('a counter goes on growing from one scrape to the next', async (t) => {
  const { metrics, read } = stage();
  for (const count of [1, 2, 3]) {
    metrics.attemptEnded(attempted(1_000), throttled);
    const { value } = await read();
    t.equal(value(`${P}throttled_total`, { account: 'default' }), count);
    t.equal(value(`${P}attempts_total`, { account: 'default', channel: 'sms', outcome: 'throttled' }), count);
  }
});

t.test('the first 429 of an account is an increase, since its counter was 0 before', async (t) => {
  const { read } = stage();
  t.equal((await read()).value(`${P}throttled_total`, { account: 'default' }), 0);
});

t.test('a refused key is told apart from a refused message', async (t) => {
  const { metrics, read } = stage();
  metrics.attemptEnded(attempted(1_000), refusedKey);
  metrics.attemptEnded(attempted(1_000), { ...refusedKey, code: 'commbox_rejected' });
  const { value } = await read();
  t.equal(value(`${P}attempts_total`, { outcome: 'unauthorized' }), 1);
  t.equal(value(`${P}attempts_total`, { outcome: 'refused' }), 1);
});

t.test('waiting ends with the first attempt, and begins with sendAt where there is one', async (t) => {
  const { metrics, read } = stage();
  metrics.attemptEnded(attempted(3_000), throttled);
  metrics.attemptEnded(attempted(3_000, 90_000), sent);
  metrics.attemptEnded({ ...attempted(500_000), sendAt: 499_000 }, sent);
  const { value } = await read();
  const series = { lane: 'normal', caller: 'shop' };
  t.equal(value(`${P}waiting_seconds_count`, series), 2);
  t.equal(value(`${P}waiting_seconds_sum`, series), 3);
  t.equal(value(`${P}upstream_duration_seconds_count`, { account: 'default' }), 3);
});

t.test('ends of messages are counted wherever they happen', async (t) => {
  const { metrics, read } = stage();
  const store = metrics.meterStore({
    cancel: async (id: string) => id === 'msg_1',
    cancelMany: async () => 3,
    expire: async () => [{ state: 'expired' }, { state: 'expired' }, { state: 'unknown' }],
    resolve: async () => true,
    recover: async () => ['msg_2', 'msg_3'],
  } as unknown as Store);
  metrics.settled({ state: 'sent' });
  metrics.settled({ state: 'queued' });
  t.equal(await store.cancel('msg_1', 0, 0), true);
  t.equal(await store.cancel('msg_2', 0, 0), false);
  await store.cancelMany({}, 0, 0);
  t.equal((await store.expire(0, 500, 0, [])).length, 3);
  await store.resolve('msg_4', { state: 'failed', objectId: null, now: 0 });
  t.strictSame(await store.recover(0, { attempts: 3, delayMs: 0 }, 0), ['msg_2', 'msg_3']);
  const { value, samples } = await read();
  const ended = samples.filter(({ name }) => name === `${P}messages_total`);
  t.strictSame(Object.fromEntries(ended.map(({ labels, value }) => [labels['state'], value])), {
    sent: 1,
    failed: 0,
    unknown: 1,
    canceled: 4,
    expired: 2,
  });
  t.equal(value(`${P}unknown_resolved_total`, { state: 'failed' }), 1);
  t.equal(value(`${P}messages_recovered_total`), 2);
});

t.test('operations of the store are timed, failed ones too, and do what they did', async (t) => {
  const { metrics, clock, read } = stage();
  const down = new StorageUnavailable('down');
  const recorded: unknown[] = [];
  const store = metrics.meterStore({
    queuedCount: () => new Promise((resolve) => clock.schedule(40, () => resolve(7))),
    check: () => Promise.reject(down),
    record: (row: unknown) => void recorded.push(row),
    onChange: () => () => 'stopped',
  } as unknown as Store);
  const count = store.queuedCount();
  await clock.advance(40);
  t.equal(await count, 7);
  await t.rejects(store.check(), down);
  store.record({ id: 'msg_1' } as Parameters<Store['record']>[0]);
  t.strictSame(recorded, [{ id: 'msg_1' }]);
  t.equal(store.onChange(() => {})(), 'stopped');
  const { value, samples } = await read();
  t.equal(value(`${P}store_operation_duration_seconds_sum`, { operation: 'queuedCount' }), 0.04);
  t.equal(value(`${P}store_errors_total`, { operation: 'queuedCount' }), 0);
  t.equal(value(`${P}store_operation_duration_seconds_count`, { operation: 'check' }), 1);
  t.equal(value(`${P}store_errors_total`, { operation: 'check' }), 1);
  t.notOk(samples.some(({ labels }) => labels['operation'] === 'record'));
});

t.test('two gateways of one process do not mix', async (t) => {
  const [one, other] = [stage(), stage()];
  one.metrics.settled({ state: 'sent' });
  t.equal((await one.read()).value(`${P}messages_total`, { state: 'sent' }), 1);
  t.equal((await other.read()).value(`${P}messages_total`, { state: 'sent' }), 0);
});
