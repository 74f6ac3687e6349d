import t from 'tap';
import { call } from '../http/call.ts';
import { CALM, GATEWAY_KEY, least, startGateway } from '../support/gateway.ts';
import { expectDocumented, readDocument } from './support.ts';

const auth = { authorization: `Bearer ${GATEWAY_KEY}` };
const dropIn = '/streams/532/objects';
const dropInBody = { data: { Message: 'hello', UserStreamProviderId: '972544444444' } };

t.test('what a send is answered is as documented', async (t) => {
  const { port, post, simulator } = await startGateway(t, {
    env: { SYNC_WAIT_MS: '50' },
  });
  const document = await readDocument(port);
  const expect = async (status: number, body: unknown, headers: Record<string, string> = {}) => {
    const answer = await post('/v1/sms', body, headers);
    t.equal(answer.status, status, `${status}`, { body: answer.text });
    expectDocumented(t, document, 'sendSms', answer);
  };
  await expect(201, least.sms);
  await expect(202, least.sms, { prefer: 'respond-async' });
  await expect(201, least.sms, { prefer: 'respond-async, wait=5' });
  await expect(201, least.sms, { 'idempotency-key': 'one' });
  await expect(201, least.sms, { 'idempotency-key': 'one' });
  await expect(422, { ...least.sms, text: 'other' }, { 'idempotency-key': 'one' });
  await expect(400, { ...least.sms, subject: 'Hi' });
  await expect(400, { ...least.sms, stream: 'unknown' });
  await expect(401, least.sms, { authorization: 'Bearer nobody' });
  await expect(413, { ...least.sms, text: 'x'.repeat(2_000_000) });
  await expect(415, 'hello', { 'content-type': 'text/plain' });
  await expect(415, 'hello', { 'content-encoding': 'gzip' });
  for (const [status, own] of [
    [422, 400],
    [404, 404],
    [502, 500],
  ] as const) {
    simulator.control({ next: [{ status: own }] });
    await expect(status, least.sms);
  }
  simulator.control({ next: [{ status: 400 }] });
  await expect(422, least.sms, { 'idempotency-key': 'two' });
  await expect(422, least.sms, { 'idempotency-key': 'two' });
  const canceled = { 'idempotency-key': 'three', prefer: 'respond-async' };
  const later = { ...least.sms, sendAt: new Date(Date.now() + 3_600_000).toISOString() };
  const { id } = (await post('/v1/sms', later, canceled)).json();
  t.equal((await post(`/v1/messages/${id}/cancel`, '')).status, 200);
  await expect(409, later, canceled);
  simulator.control({ keys: ['another'] });
  await expect(502, least.sms);
  await expect(502, least.sms);
});

t.test('what a send to a throttled account is answered is as documented', async (t) => {
  const { port, post, simulator } = await startGateway(t, { env: { SYNC_WAIT_MS: '50' } });
  const document = await readDocument(port);
  simulator.control({ next: [{ status: 429, headers: { 'Retry-After': '60' } }] });
  const answer = await post('/v1/sms', least.sms);
  t.equal(answer.status, 429);
  expectDocumented(t, document, 'sendSms', answer);
});

t.test('what CommBox’s own call is answered is as documented', async (t) => {
  const { port, post, simulator } = await startGateway(t, { env: { SYNC_WAIT_MS: '50' } });
  const document = await readDocument(port);
  const expect = async (status: number, body: unknown, headers: Record<string, string> = {}) => {
    const answer = await post(dropIn, body, headers);
    t.equal(answer.status, status, `${status}`, { body: answer.text });
    expectDocumented(t, document, 'createObject', answer);
  };
  await expect(200, dropInBody);
  await expect(202, dropInBody, { prefer: 'respond-async' });
  await expect(200, dropInBody, { 'idempotency-key': 'one' });
  await expect(200, dropInBody, { 'idempotency-key': 'one' });
  await expect(400, { data: {} });
  await expect(400, dropInBody, { 'gateway-lane': 'urgent' });
  await expect(401, dropInBody, { authorization: '' });
  for (const status of [400, 404, 500, 501]) {
    simulator.control({ next: [{ status }] });
    await expect(status, dropInBody);
  }
  simulator.control({ next: [{ status: 409 }] });
  await expect(422, dropInBody);
  simulator.control({ next: [{ status: 429, headers: { 'Retry-After': '60' } }] });
  await expect(429, dropInBody);
});

t.test('what is said of messages is as documented', async (t) => {
  const { port, post, get, simulator } = await startGateway(t);
  const document = await readDocument(port);
  const at = new Date(Date.now() + 3_600_000).toISOString();
  const expect = async (operationId: string, status: number, path: string, body?: unknown) => {
    const answer = body === undefined ? await get(path) : await post(path, body);
    t.equal(answer.status, status, `${status}`, { body: answer.text });
    expectDocumented(t, document, operationId, answer);
    return answer.json();
  };
  const action = (operationId: string, status: number, id: string, name: string) =>
    expect(operationId, status, `/v1/messages/${id}/${name}`, '');
  const idOf = (answer: Record<string, unknown>) => String(answer['id'] ?? answer['messageId']);

  const sent = idOf(await expect('sendSms', 201, '/v1/sms', { ...least.sms, reference: 'r-1' }));
  const queued = idOf(await expect('sendChat', 202, '/v1/chat', { ...least.chat, sendAt: at }));
  simulator.control({ next: [{ status: 500, record: false }] });
  const unknown = idOf(await expect('sendSms', 502, '/v1/sms', { ...least.sms, text: 'lost' }));
  for (const id of [sent, queued, unknown]) await expect('getMessage', 200, `/v1/messages/${id}`);
  await expect('getMessage', 404, '/v1/messages/msg_none');
  await expect('listMessages', 200, '/v1/messages?limit=2&status=sent,queued,unknown');
  await expect('listMessages', 400, '/v1/messages?limit=many');
  await action('cancelMessage', 200, queued, 'cancel');
  t.equal((await expect('getMessage', 200, `/v1/messages/${queued}`))['code'], 'conflict');
  await action('cancelMessage', 409, sent, 'cancel');
  await action('resendMessage', 202, queued, 'resend');
  await action('resendMessage', 409, sent, 'resend');
  await action('reconcileMessage', 200, unknown, 'reconcile');
  await action('reconcileMessage', 409, sent, 'reconcile');
  await expect('resolveMessage', 400, `/v1/messages/${unknown}/resolve`, { as: 'lost' });
  await expect('resolveMessage', 200, `/v1/messages/${unknown}/resolve`, { as: 'failed' });
  await expect('cancelMessages', 200, '/v1/messages/cancel', { reference: 'r-2' });
  await expect('cancelMessages', 400, '/v1/messages/cancel', { status: 'lost' });
  await expect('cancelMessages', 400, '/v1/messages/cancel', {});
  const messages = [{ channel: 'sms', ...least.sms }, { channel: 'fax' }];
  await expect('sendBatch', 202, '/v1/messages', { messages });
  await expect('sendBatch', 400, '/v1/messages', { messages: [] });
});

t.test('the pace of an account that a 429 has paused is as documented', async (t) => {
  const { port, post, get, simulator } = await startGateway(t, { env: { SYNC_WAIT_MS: '50' } });
  const document = await readDocument(port);
  simulator.control({ next: [{ status: 429, headers: { 'Retry-After': '60' } }] });
  t.equal((await post('/v1/sms', least.sms)).status, 429);
  const pacing = await get('/v1/pacing');
  t.match(pacing.json(), { accounts: [{ state: 'paused', cause: 'quota', pausedUntil: /Z$/, pausedSince: /Z$/ }] });
  expectDocumented(t, document, 'getPacing', pacing);
  await post('/v1/sms', least.sms, { prefer: 'respond-async' });
  for (const [operationId, action] of [
    ['pauseAccount', 'pause'],
    ['resumeAccount', 'resume'],
  ] as const) {
    const answer = await post(`/v1/pacing/default/${action}`, { caller: 'default' });
    t.match(answer.json(), { state: 'paused', stops: action === 'pause' ? [{ caller: 'default', lane: null }] : [] });
    expectDocumented(t, document, operationId, answer);
  }
});

t.test('what the gateway says of itself is as documented', async (t) => {
  const { port, get, post } = await startGateway(t);
  const document = await readDocument(port);
  const open = (path: string) => call(port, { method: 'GET', path });
  expectDocumented(t, document, 'getMe', await get('/v1/me'));
  expectDocumented(t, document, 'getMe', await open('/v1/me'));
  expectDocumented(t, document, 'getMetrics', await get('/metrics'));
  expectDocumented(t, document, 'getPacing', await get('/v1/pacing'));
  expectDocumented(t, document, 'pauseAccount', await post('/v1/pacing/default/pause', { lane: 'bulk' }));
  expectDocumented(t, document, 'pauseAccount', await post('/v1/pacing/none/pause', ''));
  expectDocumented(t, document, 'getPacing', await get('/v1/pacing'));
  expectDocumented(t, document, 'resumeAccount', await post('/v1/pacing/default/resume', { lane: 'bulk' }));
  expectDocumented(t, document, 'resumeAccount', await post('/v1/pacing/default/resume', { lane: 'slow' }));
  expectDocumented(t, document, 'getLiveness', await open('/livez'));
  expectDocumented(t, document, 'getReadiness', await open('/readyz'));
  expectDocumented(t, document, 'getOpenapi', await open('/openapi.json'));
  expectDocumented(t, document, 'getDocs', await open('/docs'));
});

t.test('what is turned away under overload is as documented', async (t) => {
  let pressure = CALM;
  const { port, get, post } = await startGateway(t, { measurePressure: () => pressure });
  const document = await readDocument(port);
  pressure = { ...CALM, requests: 100_000 };
  expectDocumented(t, document, 'sendSms', await post('/v1/sms', least.sms));
  expectDocumented(t, document, 'createObject', await post(dropIn, dropInBody));
  expectDocumented(t, document, 'listMessages', await get('/v1/messages'));
  expectDocumented(t, document, 'getOpenapi', await get('/openapi.json'));
  expectDocumented(t, document, 'getDocs', await get('/docs'));
});

t.test('a caller with a limit sees it in headers that are documented', async (t) => {
  const { port } = await startGateway(t, { env: { RATE_LIMIT_MAX: '1' } });
  const document = await readDocument(port);
  const get = () => call(port, { method: 'GET', path: '/v1/me', headers: auth });
  for (const status of [200, 429]) {
    const answer = await get();
    t.match(answer, {
      status,
      headers: { 'ratelimit-limit': '1', 'ratelimit-remaining': '0', 'ratelimit-reset': /^\d+$/ },
    });
    expectDocumented(t, document, 'getMe', answer);
  }
});
