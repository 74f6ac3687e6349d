import t, { type Test } from 'tap';
import type { ErrorCode } from '../../src/kernel/errors.ts';
import type { Answer } from '../http/call.ts';
import { expectProblem } from '../http/expect-problem.ts';
import { startGateway } from '../support/gateway.ts';
import { createHeldAnswers, HELD } from '../support/held-answers.ts';

const path = '/streams/532/objects';
const object = '{"data":{"Message":"hello"}}';

t.test("CommBox's own answers come back as they came", async (t) => {
  const { post, simulator } = await startGateway(t);
  const json = 'application/json';
  const cases: [status: number, contentType: string, body: string, outcome: string][] = [
    [200, 'application/json; charset=utf-8', '{"status":"200", "data": {"Id": 9007199254740993}}\n', 'sent'],
    [201, json, '{"data":{"id":1}}', 'sent'],
    [200, json, '{"status":"400","description":"bad"}', 'not_sent'],
    [200, json, '{"status":500}', 'unknown'],
    [200, 'text/html', '<html>שלום</html>', 'unknown'],
    [200, json, '', 'unknown'],
    [400, json, '{"status":400,"description":"bad","data":{"n":1.10}}', 'not_sent'],
    [404, 'text/html; charset=utf-8', '<h1>Not found</h1>', 'not_sent'],
    [500, json, '{"status": 500, "description": "Operation failed"}', 'unknown'],
    [501, 'text/plain', 'no', 'unknown'],
    [503, 'text/html', '', 'unknown'],
  ];
  for (const [status, contentType, body, outcome] of cases) {
    simulator.clear();
    simulator.control({ next: [{ status, contentType, body, headers: { 'X-Secret': 's' } }] });
    const answer = await post(path, object);
    t.match(answer, { status, text: body, headers: { 'content-type': contentType, 'gateway-outcome': outcome } });
    t.equal(answer.text.length, body.length);
    t.match(answer.headers['gateway-message-id'], /^msg_/);
    t.notOk('x-secret' in answer.headers);
    t.equal(simulator.counts().calls, 1);
  }
});

function expectOwn(t: Test, answer: Answer, code: ErrorCode): void {
  const body = expectProblem(t, answer, { code });
  t.equal(body['description'], body['detail'], `${code}: a reader of envelopes finds a description`);
  t.match(body['response_time'], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  t.equal(answer.headers['gateway-outcome'], body['outcome']);
  t.match(answer.headers['gateway-message-id'], /^msg_/);
  t.equal(answer.headers['gateway-message-id'], body['messageId']);
}

t.test('the other answers are the gateway’s own, in both formats', async (t) => {
  const { post, simulator } = await startGateway(t, { env: { UPSTREAM_TIMEOUT_MS: '150' } });
  const cases = [
    [{ status: 401 }, 'commbox_unauthorized'],
    [{ status: 403 }, 'commbox_unauthorized'],
    [{ envelopeStatus: 401 }, 'commbox_unauthorized'],
    [{ status: 302, headers: { Location: 'http://127.0.0.1:1/' } }, 'commbox_error'],
    [{ status: 408 }, 'commbox_error'],
    [{ status: 600 }, 'commbox_error'],
    [{ status: 422 }, 'commbox_rejected'],
    [{ bodyBytes: 2_000_000 }, 'commbox_error'],
    [{ reset: 'after' }, 'commbox_error'],
    [{ reset: 'during' }, 'commbox_error'],
    [{ hang: true }, 'commbox_timeout'],
  ] as const;
  for (const [scripted, code] of cases) {
    simulator.control({ next: [scripted] });
    expectOwn(t, await post(path, object), code);
  }
});

t.test('a 429 beyond the patience is the gateway’s 429', async (t) => {
  const throttle = { model: 'fixedWindow', limit: 1, windowMs: 60_000, retryAfter: 60 } as const;
  const { post, simulator } = await startGateway(t, { simulator: { throttles: [throttle] } });
  t.match(await post(path, object), { status: 200, headers: { 'gateway-outcome': 'sent' } });
  const answer = await post(path, object);
  expectOwn(t, answer, 'commbox_throttled');
  t.match(answer.headers['retry-after'], /^6\d$/);
  t.equal(simulator.counts().throttled, 1);
});

t.test('while the first request with its key runs, nobody can say what becomes of the message', async (t) => {
  const held = createHeldAnswers();
  const { post, simulator } = await startGateway(t, { simulator: { clock: held, next: [HELD] } });
  const key = { 'idempotency-key': 'k' };
  const first = post(path, object, key);
  await simulator.waitFor(1);
  const early = await post(path, object, { ...key, prefer: 'wait=0' });
  expectProblem(t, early, { code: 'idempotency_in_flight' });
  t.match(early.headers, { 'gateway-outcome': 'unknown', 'gateway-message-id': /^msg_/, 'retry-after': /^\d+$/ });
  const other = await post(path, '{"data":{"Message":"other"}}', key);
  expectProblem(t, other, { code: 'idempotency_mismatch' });
  t.match(other.headers, { 'gateway-outcome': 'not_sent' });
  held.release();
  t.match(await first, { status: 200, headers: { 'gateway-outcome': 'sent' } });
  t.equal(simulator.counts().calls, 1);
});

t.test('what was unknown is repeated as it was until it is known, and then as what is known', async (t) => {
  const { post, simulator } = await startGateway(t);
  const upstream = [
    { status: 500, contentType: 'text/plain', body: 'lost', record: true },
    { status: 200, contentType: 'application/json', body: '{"status":500}', record: true },
  ];
  for (const [n, next] of upstream.entries()) {
    const key = { 'idempotency-key': `k-${n}` };
    const request = JSON.stringify({ data: { Message: `hello ${n}`, UserStreamProviderId: '972544444444' } });
    simulator.control({ next: [next] });
    const first = await post(path, request, key);
    t.match(first, { status: next.status, text: next.body, headers: { 'gateway-outcome': 'unknown' } });
    t.match(await post(path, request, key), { status: next.status, text: next.body });
    const id = String(first.headers['gateway-message-id']);
    t.match((await post(`/v1/messages/${id}/reconcile`, '')).json(), { status: 'sent' });
    const again = await post(path, request, key);
    t.match(again, {
      status: 200,
      headers: { 'gateway-outcome': 'sent', 'gateway-message-id': id, 'idempotency-replayed': 'true' },
    });
    const objectId = simulator.received().at(-1)?.objectId;
    t.match(again.text, `"status":200,`);
    t.match(again.text, `"data":{"id":${objectId}}`);
    t.equal(simulator.counts().calls, n + 1);
  }
});

t.test('the gateway’s own refusals speak both formats too', async (t) => {
  const { post, get } = await startGateway(t);
  const refused: [Answer, ErrorCode][] = [
    [await post(path, object, { authorization: 'Bearer wrong' }), 'unauthorized'],
    [await post(path, '{"data":{}}'), 'invalid_request'],
    [await post(path, 'x'.repeat(1024 ** 2 + 1)), 'payload_too_large'],
    [await post(path, object, { 'content-type': 'text/plain' }), 'unsupported_media_type'],
    [await post('/streams/%zz/objects', object), 'invalid_request'],
    [await post(`/streams/${'x'.repeat(2_400)}/objects`, object), 'invalid_request'],
    [await post(`${path}/`, object), 'not_found'],
    [await post('/streams/532/objects/7?x=1', object), 'not_found'],
    [await get(path), 'method_not_allowed'],
  ];
  for (const [answer, code] of refused) {
    const body = expectProblem(t, answer, { code });
    t.equal(body['description'], body['detail']);
    t.match(body['response_time'], /Z$/);
    t.equal(answer.headers['gateway-outcome'], 'not_sent');
  }
});
