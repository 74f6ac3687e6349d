import t from 'tap';
import type { Answer } from '../http/call.ts';
import { least, startGateway } from '../support/gateway.ts';

const dropIn = ['/streams/532/objects', '{"data":{"Message":"hello"}}'] as const;
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

t.test('of a caller’s headers only its ids reach CommBox', async (t) => {
  const { post, simulator } = await startGateway(t);
  const headers = {
    'x-request-id': 'req-1',
    traceparent,
    tracestate: 'vendor=1',
    cookie: 'session=secret',
    'x-forwarded-for': '203.0.113.7',
    'x-forwarded-host': 'evil.example',
    forwarded: 'for=203.0.113.7',
    'x-api-key': 'another-secret',
    'x-custom': 'custom',
    'user-agent': 'caller/1.0',
    'accept-language': 'he',
    prefer: 'wait=5',
    referer: 'http://intranet.example/customer/7',
    'if-none-match': 'x',
    'content-language': 'he',
  };
  t.equal((await post('/v1/sms', least.sms, headers)).status, 201);
  t.equal((await post(dropIn[0], dropIn[1], { ...headers, 'gateway-lane': 'normal' })).status, 200);
  for (const received of simulator.received()) {
    t.strictSame([...received.headerNames].sort(), [
      ...['accept', 'authorization', 'connection', 'content-length', 'content-type', 'host'],
      ...['traceparent', 'x-request-id'],
    ]);
    t.match(received.headers, { 'x-request-id': 'req-1', traceparent, accept: 'application/json' });
    t.equal(received.headers['host'], new URL(simulator.url).host);
  }
});

t.test('of CommBox’s headers none but the content type reaches a caller', async (t) => {
  const { post, simulator } = await startGateway(t);
  const headers = {
    'Set-Cookie': 'session=secret',
    Server: 'commbox/1.0',
    'X-Powered-By': 'something',
    'X-Request-Id': 'theirs',
    Traceparent: '00-11111111111111111111111111111111-2222222222222222-01',
    'Access-Control-Allow-Origin': '*',
    'Retry-After': '7',
    'Cache-Control': 'public, max-age=3600',
    Location: 'https://commbox.example/objects/1',
    'WWW-Authenticate': 'Bearer realm="commbox"',
    'Content-Disposition': 'attachment',
  };
  simulator.control({ next: [{ headers }, { status: 400, headers }, { headers }, { status: 400, headers }] });
  const hop = ['connection', 'content-length', 'content-type', 'date', 'traceparent', 'x-request-id'];
  const dropInHeaders = [...hop, 'gateway-message-id', 'gateway-outcome'].sort();
  const names = ({ headers }: Answer) => Object.keys(headers).sort();
  const sent = await post('/v1/sms', least.sms);
  t.strictSame(names(sent), [...hop, 'location'].sort());
  t.match(sent.headers.location, /^\/v1\/messages\/msg_/);
  t.strictSame(names(await post('/v1/sms', least.sms)), hop);
  t.strictSame(names(await post(...dropIn)), dropInHeaders);
  t.strictSame(names(await post(...dropIn)), dropInHeaders);
});

t.test('a well-formed X-Request-Id is echoed, sent on and logged; any other is replaced', async (t) => {
  const { post, simulator, log } = await startGateway(t);
  const own = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
  const cases: [given: string, kept: boolean][] = [
    ['A.b~c-d_9', true],
    ['x'.repeat(128), true],
    ['x'.repeat(129), false],
    ['with space', false],
    ['quote"', false],
    ['é', false],
    ['a,b', false],
    ['', false],
  ];
  for (const [given, kept] of cases) {
    simulator.clear();
    const answer = await post('/v1/sms', least.sms, { 'x-request-id': given });
    const echoed = String(answer.headers['x-request-id']);
    if (kept) t.equal(echoed, given);
    else t.match(echoed, own, `replaced: ${given}`);
    t.equal(simulator.received()[0]?.headers['x-request-id'], echoed);
    t.match(await log.line({ msg: 'request', requestId: echoed }), { status: 201 });
  }
  const refused = await post('/v1/sms', {}, { 'x-request-id': 'mine' });
  t.equal(refused.headers['x-request-id'], 'mine');
  t.equal(refused.json()['requestId'], 'mine');
});

t.test('a well-formed traceparent is echoed, sent on and logged; any other is replaced', async (t) => {
  const { post, simulator, log } = await startGateway(t);
  const bad = [
    traceparent.toUpperCase(),
    traceparent.slice(0, -3),
    `ff${traceparent.slice(2)}`,
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`,
    'nonsense',
  ];
  for (const given of [traceparent, ...bad]) {
    simulator.clear();
    const answer = await post('/v1/sms', least.sms, { traceparent: given });
    const echoed = String(answer.headers['traceparent']);
    if (given === traceparent) t.equal(echoed, given);
    else t.match(echoed, /^00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-00$/, `replaced: ${given}`);
    t.equal(simulator.received()[0]?.headers['traceparent'], echoed);
    t.match(await log.line({ msg: 'request', traceId: echoed.slice(3, 35) }), { status: 201 });
  }
});
