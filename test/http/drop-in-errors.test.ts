import t, { type Test } from 'tap';
import type { Pressure } from '../../src/http/overload.ts';
import type { ErrorCode } from '../../src/kernel/errors.ts';
import { CALM, GATEWAY_KEY, startGateway } from '../support/gateway.ts';
import { type Answer, type Call, call } from './call.ts';
import { type ExpectedProblem, expectProblem } from './expect-problem.ts';
import { rawCall } from './raw-call.ts';

const DOOR = '/streams/532/objects';
const OBJECT = '{"data":{"Message":"hello"}}';
const headers = { authorization: `Bearer ${GATEWAY_KEY}`, 'content-type': 'application/json' };

/** An error that a reader of CommBox's envelopes understands as well as a reader of problem documents. */
function expectEnvelope(t: Test, answer: Answer, expected: ExpectedProblem): void {
  const { detail, ...envelope } = expectProblem(t, answer, expected);
  t.match(envelope, { status: answer.status, description: detail, response_time: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/ });
  t.equal(answer.headers['gateway-outcome'], 'not_sent', expected.code);
}

t.test('whatever path below /streams/ an integration calls, it can read the error as one of CommBox', async (t) => {
  const { port, simulator } = await startGateway(t);
  const cases: [code: ErrorCode, request: Call][] = [
    ['invalid_request', { path: '/streams/%zz/objects' }],
    ['invalid_request', { path: '/streams/%/objects?x=%' }],
    ['invalid_request', { path: `/streams/${'x'.repeat(2400)}/objects` }],
    ['method_not_allowed', { path: DOOR, method: 'GET' }],
    ['method_not_allowed', { path: `${DOOR}?limit=10`, method: 'GET' }],
    ['method_not_allowed', { path: `http://gateway${DOOR}`, method: 'GET' }],
    ['not_found', { path: `${DOOR}/` }],
    ['not_found', { path: `${DOOR}/294160`, method: 'GET' }],
    ['not_found', { path: '/streams/' }],
    ['not_found', { path: '/streams/532' }],
  ];
  for (const [code, request] of cases) {
    const body = request.method === 'GET' ? {} : { body: OBJECT };
    expectEnvelope(t, await call(port, { headers, ...body, ...request }), { code });
  }
  const allow = await call(port, { path: DOOR, method: 'GET', headers });
  t.equal(allow.headers.allow, 'POST');
  t.equal(simulator.counts().calls, 0);
});

t.test('so are the errors of who is not let in', async (t) => {
  let pressure: Pressure = CALM;
  const { port } = await startGateway(t, { measurePressure: () => pressure, env: { BODY_LIMIT: '1000' } });
  const cases: [code: ErrorCode, headers: Record<string, string | string[]>, body: string][] = [
    ['unauthorized', { 'content-type': 'application/json' }, OBJECT],
    ['unauthorized', { ...headers, authorization: 'Bearer guess' }, OBJECT],
    ['invalid_request', { ...headers, 'gateway-lane': ['bulk', 'bulk'] }, OBJECT],
    ['unsupported_media_type', { ...headers, 'content-type': 'text/plain' }, OBJECT],
    ['payload_too_large', headers, JSON.stringify({ data: { Message: 'x'.repeat(1000) } })],
    ['invalid_request', headers, '{'],
  ];
  for (const [code, given, body] of cases) {
    expectEnvelope(t, await call(port, { path: DOOR, headers: given, body }), { code });
  }
  pressure = { ...CALM, eventLoopDelayMs: 10_000, requests: 1_000_000 };
  for (const path of [DOOR, `${DOOR}/`]) {
    expectEnvelope(t, await call(port, { path, headers, body: OBJECT }), { code: 'overloaded' });
  }
});

t.test('what the HTTP parser refuses is told to a reader of envelopes, too', async (t) => {
  const { port } = await startGateway(t);
  const head = [`POST ${DOOR} HTTP/1.1`, `Authorization: ${headers.authorization}`, 'Content-Type: application/json'];
  const cases = {
    'no host': [...head, 'Content-Length: 0', 'Connection: close', '', ''],
    'no chunk': [...head, 'Host: gateway', 'Transfer-Encoding: chunked', '', 'zz', ''],
  };
  for (const [name, lines] of Object.entries(cases)) {
    const { ended } = await rawCall(t, port, lines.join('\r\n'));
    const answer = await ended;
    const [, body = ''] = answer.split('\r\n\r\n');
    t.match(answer, /^HTTP\/1\.1 400 [\s\S]*\r\nGateway-Outcome: not_sent\r\n/i, name);
    t.match(JSON.parse(body), { status: 400, description: /\S/, response_time: /^\d{4}-/ }, name);
  }
});

t.test('elsewhere an error is a problem document and nothing else', async (t) => {
  const { port } = await startGateway(t);
  for (const path of ['/%zz', '/streams', '/streamsx/532/objects', '/v1/streams/532', '/v1/sms/?to=/streams/']) {
    const answer = await call(port, { path, headers, body: OBJECT });
    t.notOk('description' in answer.json(), path);
    t.equal(answer.headers['gateway-outcome'], undefined, path);
  }
});
