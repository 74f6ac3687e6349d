import t from 'tap';
import { GATEWAY_KEY, least, startGateway } from '../support/gateway.ts';
import { call } from './call.ts';
import { expectProblem } from './expect-problem.ts';
import { rawCall } from './raw-call.ts';

t.test('a path that is none is a 404, in the problem format', async (t) => {
  const { port } = await startGateway(t);
  const headers = { authorization: `Bearer ${GATEWAY_KEY}` };
  const paths = [
    '/',
    '/v1',
    '/v1/fax',
    '/v1/sms/',
    '/v1/sms/other',
    '/V1/sms',
    '/streams',
    '/streams/532',
    '/favicon.ico',
  ];
  for (const path of [...paths, '/v1/sms%2fpreview', '/v1//sms', '/livez/x']) {
    expectProblem(t, await call(port, { method: 'GET', path, headers }), { code: 'not_found' });
    expectProblem(t, await call(port, { path, headers, body: '{}' }), { code: 'not_found' });
  }
});

t.test('where no route is, the body does not count: it is neither read nor judged', async (t) => {
  const { port } = await startGateway(t, { env: { BODY_LIMIT: '64KiB' } });
  const body = 'x'.repeat(100_000);
  const headers = { 'content-type': 'application/json' };
  expectProblem(t, await call(port, { path: '/v1/fax', headers, body }), { code: 'not_found' });
  const odd = { 'content-type': 'nonsense', 'content-encoding': 'gzip' };
  expectProblem(t, await call(port, { path: '/v1/fax', headers: odd, body: '{' }), { code: 'not_found' });
  const answer = await call(port, { method: 'PUT', path: '/v1/sms', headers: odd, body: '{' });
  expectProblem(t, answer, { code: 'method_not_allowed' });
  t.equal(answer.headers.allow, 'POST');
});

t.test('a path that exists for other methods is a 405 that names them', async (t) => {
  const { port } = await startGateway(t);
  const cases: [method: string, path: string, allow: string][] = [
    ['GET', '/v1/sms', 'POST'],
    ['PUT', '/v1/email', 'POST'],
    ['DELETE', '/v1/chat/preview', 'POST'],
    ['PATCH', '/v1/whatsapp?x=1', 'POST'],
    ['OPTIONS', '/v1/sms', 'POST'],
    ['PUT', '/streams/a%2Fb/objects', 'POST'],
    ['POST', '/livez', 'GET, HEAD'],
    ['DELETE', '/readyz', 'GET, HEAD'],
  ];
  for (const [method, path, allow] of cases) {
    const answer = await call(port, { method, path });
    expectProblem(t, answer, { code: 'method_not_allowed' });
    t.equal(answer.headers.allow, allow, `${method} ${path}`);
  }
});

t.test('a path that cannot be decoded is a 400 with the request’s id', async (t) => {
  const { port } = await startGateway(t);
  for (const path of ['/%zz', '/v1/%ff', '/streams/%/objects', `/streams/${'x'.repeat(2400)}/objects`]) {
    const answer = await call(port, { path, headers: { 'x-request-id': 'r-1' } });
    expectProblem(t, answer, { code: 'invalid_request' });
    t.equal(answer.headers['x-request-id'], 'r-1');
  }
});

t.test('bytes that are no HTTP get an answer all the same', async (t) => {
  const { port, simulator } = await startGateway(t);
  const cases: [bytes: string, status: number][] = [
    ['NONSENSE\r\n\r\n', 400],
    ['POST /v1/sms HTTP/1.1\r\n\r\n', 400],
    ['POST /v1/sms HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n', 400],
    ['POST /v1/sms HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    [`GET /livez HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ];
  for (const [bytes, status] of cases) {
    const { socket, ended } = await rawCall(t, port, bytes);
    socket.end();
    const answer = await ended;
    t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), JSON.stringify(bytes.slice(0, 60)));
    t.notMatch(answer, /node:|at .*\.(js|ts)/, 'no inner workings');
  }
  t.equal(simulator.counts().calls, 0);
});

t.test('health is open to all and tells nothing', async (t) => {
  const { port } = await startGateway(t);
  for (const path of ['/livez', '/readyz']) {
    const answer = await call(port, { method: 'GET', path });
    t.match(answer, { status: 200, headers: { 'content-type': /^application\/json/ } });
    t.ok(answer.text.length < 100);
    t.match(await call(port, { method: 'HEAD', path }), { status: 200, text: '' });
  }
});

t.test('when every connection to CommBox is busy for too long, nothing is sent', async (t) => {
  const { post, simulator } = await startGateway(t, {
    env: { UPSTREAM_CONCURRENCY: '1', SYNC_WAIT_MS: '30' },
    simulator: { latency: { ms: 250 } },
  });
  const first = post('/v1/sms', least.sms);
  await simulator.waitFor(1);
  const second = await post('/v1/sms', least.sms);
  expectProblem(t, second, { code: 'overloaded' });
  t.match(second.headers['retry-after'], /^[1-9]\d*$/);
  t.equal((await first).status, 201, 'an attempt in flight is waited for, whatever the patience');
  t.equal(simulator.counts().calls, 1);
});
