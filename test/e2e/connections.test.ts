import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { expectProblem } from '../http/expect-problem.ts';
import { least, startGateway } from '../support/gateway.ts';
import { startOddUpstream } from './odd-upstream.ts';

t.test('a CommBox that cannot be reached got nothing', async (t) => {
  const env = { COMMBOX_API_URL: 'http://127.0.0.1:1', SYNC_WAIT_MS: '900' };
  const { post } = await startGateway(t, { env });
  const answer = await post('/v1/sms', least.sms);
  expectProblem(t, answer, { code: 'commbox_unreachable' });
  t.match(answer.headers['retry-after'], /^[1-9]\d?$/);
  t.notMatch(answer.text, /127\.0\.0\.1|ECONNREFUSED/, 'where CommBox is does not concern callers');
});

t.test('a connection lost after the request was written leaves it open, after one call', async (t) => {
  const { post, simulator } = await startGateway(t);
  simulator.control({ next: [{ reset: 'after' }, { reset: 'during' }] });
  const first = expectProblem(t, await post('/v1/sms', least.sms), { code: 'commbox_error' });
  t.notOk('upstream' in first, 'CommBox said nothing');
  expectProblem(t, await post('/v1/sms', { ...least.sms, text: 'other' }), { code: 'commbox_error' });
  t.match(simulator.counts(), { calls: 2, recorded: 2 });
});

t.test('an answer that does not come, or does not end, runs out of time', async (t) => {
  const env = { UPSTREAM_TIMEOUT_MS: '100' };
  const { post, simulator } = await startGateway(t, { env });
  simulator.control({ next: [{ hang: true }] });
  expectProblem(t, await post('/v1/sms', least.sms), { code: 'commbox_timeout' });
  t.equal(simulator.counts().calls, 1);

  const url = await startOddUpstream(t, (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{"data":{"id":7');
  });
  const other = await startGateway(t, { env: { ...env, COMMBOX_API_URL: url } });
  expectProblem(t, await other.post('/v1/sms', least.sms), { code: 'commbox_timeout' });
});

t.test('a search at CommBox takes no connection from those who wait for a send', async (t) => {
  const searching = Promise.withResolvers<() => void>();
  let sends = 0;
  const url = await startOddUpstream(t, ({ method }, response) => {
    const answer = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (method === 'GET') return searching.resolve(() => answer(200, { status: 200, data: [] }));
    if (sends++ === 0) answer(500, {});
    else answer(200, { data: { id: 7 } });
  });
  const { post } = await startGateway(t, { env: { COMMBOX_API_URL: url, UPSTREAM_CONCURRENCY: '1' } });
  const { messageId } = (await post('/v1/sms', least.sms)).json();
  const search = post(`/v1/messages/${messageId}/reconcile`, '');
  const endSearch = await searching.promise;
  t.match(await post('/v1/sms', least.sms, { prefer: 'wait=1' }), { status: 201 });
  endSearch();
  t.match((await search).json(), { status: 'unknown', reconciliation: { found: 0 } });
});

t.test('a redirect is not followed', async (t) => {
  const elsewhere = await startGateway(t);
  const { post, simulator } = await startGateway(t);
  const headers = { Location: `${elsewhere.simulator.url}/streams/532/objects` };
  simulator.control({ next: [302, 307, 308].map((status) => ({ status, headers })) });
  for (const _ of [302, 307, 308]) {
    expectProblem(t, await post('/v1/sms', least.sms), { code: 'commbox_error' });
  }
  t.equal(elsewhere.simulator.counts().calls, 0);
  t.equal(simulator.counts().calls, 3);
});

t.test('connections are used again', async (t) => {
  const { post, simulator } = await startGateway(t);
  for (let n = 0; n < 5; n++) t.equal((await post('/v1/sms', least.sms)).status, 201);
  t.match(simulator.connections(), { total: 1 });
});

t.test('a server that closes idle connections early never makes a result unclear', async (t) => {
  // The server announces the time (rounded down to 0 s) and closes at it, just when the next message comes.
  const { post, simulator } = await startGateway(t, { simulator: { keepAliveTimeoutMs: 30 } });
  for (let n = 0; n < 16; n++) {
    t.equal((await post('/v1/sms', { ...least.sms, text: `${n}` })).status, 201);
    await sleep(22 + n);
  }
  t.match(simulator.counts(), { calls: 16, recorded: 16 });
});

t.test('a connection whose announced end is near is not used again', async (t) => {
  const { post, simulator } = await startGateway(t, { simulator: { keepAliveTimeoutMs: 2000 } });
  for (let n = 0; n < 3; n++) t.equal((await post('/v1/sms', least.sms)).status, 201);
  t.match(simulator.connections(), { total: 3 });
});

t.test('an idle connection goes after 4 s where the server does not say how long it keeps one', async (t) => {
  const idle = Promise.withResolvers<{ readonly closed: Promise<unknown>; readonly since: number }>();
  const url = await startOddUpstream(t, ({ socket }, response) => {
    const closed = once(socket, 'close');
    response.shouldKeepAlive = true;
    response.writeHead(200, { 'content-type': 'application/json', connection: 'keep-alive' });
    response.end('{"data":{"id":7}}', () => idle.resolve({ closed, since: performance.now() }));
  });
  const { post } = await startGateway(t, { env: { COMMBOX_API_URL: url } });
  t.match(await post('/v1/sms', least.sms), { status: 201 });
  const { closed, since } = await idle.promise;
  await closed;
  const idleMs = performance.now() - since;
  // Node's own server would end it after 5 s; the gateway's timers are exact to half a second.
  t.ok(idleMs > 3_000 && idleMs < 4_900, `${idleMs} ms`);
});

t.test('a connection that CommBox closed while idle is replaced', async (t) => {
  const { post, simulator } = await startGateway(t);
  for (let n = 0; n < 5; n++) {
    t.equal((await post('/v1/sms', { ...least.sms, text: `${n}` })).status, 201);
    simulator.closeIdle();
    while (simulator.connections().open > 0) await sleep(1);
  }
  t.match(simulator.counts(), { calls: 5, recorded: 5 });
});
