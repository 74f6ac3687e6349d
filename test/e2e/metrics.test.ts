import t from 'tap';
import { createMetricsListener } from '../../src/metrics-listener.ts';
import { call } from '../http/call.ts';
import { expectProblem } from '../http/expect-problem.ts';
import { type Exposition, parseExposition } from '../observability/exposition.ts';
import { COMMBOX_KEY, GATEWAY_KEY, type Gateway, least, startGateway } from '../support/gateway.ts';
import { asCaller, callersYaml } from './stored/callers.ts';

const P = 'commbox_gateway_';

async function scrape({ get }: Gateway): Promise<Exposition> {
  return parseExposition((await get('/metrics')).text);
}

t.test('on the main port an admin’s key opens the metrics, and no other', async (t) => {
  const yaml = callersYaml({ shop: '', boss: 'admin: true' });
  const { port } = await startGateway(t, { yaml });
  const get = (headers = {}) => call(port, { method: 'GET', path: '/metrics', headers });
  expectProblem(t, await get(), { code: 'unauthorized' });
  expectProblem(t, await get(asCaller('shop')), { code: 'forbidden' });
  const answer = await get(asCaller('boss'));
  t.match(answer, { status: 200, headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' } });
  t.equal(parseExposition(answer.text).value(`${P}requests_total`, { status: '403', caller: 'shop' }), 1);
  t.match(await call(port, { method: 'HEAD', path: '/metrics', headers: asCaller('boss') }), { status: 200, text: '' });
});

t.test('METRICS_PORT serves them without a key, and nothing else', async (t) => {
  const { port, post, log, close } = await startGateway(t, { env: { METRICS_PORT: '0' } });
  const { url } = await log.line({ msg: 'metrics listening' });
  const metricsPort = Number(new URL(String(url)).port);
  const ask = (method: string, path: string) => call(metricsPort, { method, path });
  await post('/v1/sms', least.sms);
  const answer = await ask('GET', '/metrics');
  t.match(answer, { status: 200, headers: { 'content-type': /^text\/plain/ } });
  t.equal(parseExposition(answer.text).value(`${P}messages_total`, { state: 'sent' }), 1);
  t.match(await ask('HEAD', '/metrics'), { status: 200, text: '' });
  t.match(await ask('POST', '/metrics'), { status: 405, headers: { allow: 'GET, HEAD' } });
  for (const path of ['/', '/livez', '/v1/me', '/metrics/', '/v1/messages']) {
    t.match(await ask('GET', path), { status: 404, text: '' }, path);
  }
  const headers = { authorization: `Bearer ${GATEWAY_KEY}` };
  expectProblem(t, await call(port, { method: 'GET', path: '/metrics', headers }), { code: 'not_found' });
  await close();
  await t.rejects(ask('GET', '/metrics'), { code: 'ECONNREFUSED' });
});

t.test('a METRICS_PORT that is taken ends the start with the reason', async (t) => {
  const { port } = await startGateway(t);
  const scrape = async () => ({ contentType: 'text/plain', body: '' });
  const listener = createMetricsListener({ host: '127.0.0.1', port, scrape });
  await t.rejects(listener.listen(), {
    name: 'StartError',
    message: `cannot listen at 127.0.0.1:${port} (HOST, METRICS_PORT): another process listens there (EADDRINUSE)`,
  });
  await listener.close();
});

t.test('what happened to requests, attempts and messages is told', async (t) => {
  const gateway = await startGateway(t);
  const { post, get, simulator } = gateway;
  simulator.control({ next: [{ status: 429 }, {}, { status: 400 }, { reset: 'after' }] });
  for (const status of [201, 422, 502]) t.equal((await post('/v1/sms', least.sms)).status, status);
  t.equal((await get('/v1/messages/msg_4711')).status, 404);
  t.equal((await get('/wp-login.php')).status, 404);
  t.equal((await get('/%zz')).status, 400);
  const { value } = await scrape(gateway);
  const attempts = (outcome: string) => value(`${P}attempts_total`, { account: 'default', channel: 'sms', outcome });
  t.strictSame(['sent', 'throttled', 'refused', 'unclear'].map(attempts), [1, 1, 1, 1]);
  t.equal(value(`${P}throttled_total`, { account: 'default' }), 1);
  const ended = (state: string) => value(`${P}messages_total`, { state });
  t.strictSame(['sent', 'failed', 'unknown', 'canceled', 'expired'].map(ended), [1, 1, 1, 0, 0]);
  t.equal(value(`${P}upstream_duration_seconds_count`, { account: 'default' }), 4);
  t.equal(value(`${P}waiting_seconds_count`, { lane: 'normal', caller: 'default' }), 3);
  const route = { route: '/v1/sms', caller: 'default' };
  t.strictSame(
    ['201', '422', '502'].map((status) => value(`${P}requests_total`, { ...route, status })),
    [1, 1, 1],
  );
  t.equal(value(`${P}request_duration_seconds_count`, { route: '/v1/messages/:id' }), 1);
  t.ok((value(`${P}request_duration_seconds_sum`, { route: '/v1/sms' }) ?? 0) > 0);
  t.equal(value(`${P}requests_total`, { route: '(none)', status: '404' }), 1);
  t.equal(value(`${P}requests_total`, { route: '(none)', status: '400' }), 1);
  t.equal(value(`${P}unknown_messages`), 1);
  t.equal(value(`${P}in_flight_attempts`, { account: 'default' }), 0);
  t.ok((value(`${P}store_operation_duration_seconds_count`, { operation: 'heartbeat' }) ?? 0) > 0);
});

t.test('no label holds a text, an address or a key, and there is no end of them for nobody', async (t) => {
  const gateway = await startGateway(t);
  const { post, get, port } = gateway;
  const before = (await scrape(gateway)).samples.length;
  await post('/v1/sms', { ...least.sms, text: 'canary-text', reference: 'canary-reference' });
  for (let i = 0; i < 20; i++) {
    await get(`/canary-${i}`);
    await get(`/v1/messages/canary-${i}`);
    await post('/v1/sms', least.sms, { authorization: `Bearer canary-${i}` });
    await call(port, { method: 'POST', path: `/%zz-canary-${i}` });
  }
  const { text } = await get('/metrics');
  t.notMatch(text, /canary|972544444444/);
  for (const key of [GATEWAY_KEY, COMMBOX_KEY]) t.notOk(text.includes(key));
  const added = parseExposition(text).samples.length - before;
  t.ok(added < 400, `${added} series for ten kinds of requests`);
});
