import { hash } from 'node:crypto';
import t from 'tap';
import { GATEWAY_KEY, least, startGateway } from '../support/gateway.ts';
import { call } from './call.ts';
import { expectProblem } from './expect-problem.ts';

const key = (name: string) => `key-of-the-caller-${name}`;
const bearer = (name: string) => ({ authorization: `Bearer ${key(name)}` });
const object = '{"data":{"Message":"hello"}}';

const yaml = `
streams:
  invoices: { channel: email, id: "700" }
  alerts: { channel: sms, id: "701", lane: critical }
callers:
  billing: { keys: ["sha256:${hash('sha256', key('billing'))}"], channels: [email, sms], streams: [invoices, alerts] }
  crm: { keys: ["sha256:${hash('sha256', key('crm'))}"], streams: ["*"], lane: critical }
  known: { keys: ["sha256:${hash('sha256', key('known'))}"], channels: [sms], streams: ["*"], lane: bulk }
`;

t.test('without a known key nothing is answered but 401, whatever the request holds', async (t) => {
  const { port, simulator } = await startGateway(t, { yaml });
  const headers: Record<string, string>[] = [
    {},
    { authorization: '' },
    { authorization: 'Bearer' },
    { authorization: `Bearer ${key('nobody')}` },
    { authorization: `Basic ${Buffer.from(GATEWAY_KEY).toString('base64')}` },
    { authorization: GATEWAY_KEY },
    { authorization: `Bearer ${GATEWAY_KEY}, x` },
    { 'x-api-key': `${GATEWAY_KEY}x` },
    { 'x-api-key': `sha256:${hash('sha256', GATEWAY_KEY)}` },
  ];
  const ask = (path: string, given: Record<string, string>) =>
    call(port, { path, headers: { 'content-type': 'text/plain', ...given }, body: '{' });
  const answers = await Promise.all(headers.map((given) => ask('/v1/sms', given)));
  for (const path of ['/v1/email', '/v1/sms/preview', '/streams/532/objects']) answers.push(await ask(path, {}));
  for (const answer of answers) {
    expectProblem(t, answer, { code: 'unauthorized' });
    t.match(answer.headers['www-authenticate'], /^Bearer/);
  }
  t.equal(simulator.counts().calls, 0);
});

t.test('a key is taken in either header', async (t) => {
  const { port, log } = await startGateway(t, { yaml });
  const body = JSON.stringify({ ...least.email, stream: 'invoices' });
  const forms: Record<string, string>[] = [bearer('billing'), { 'x-api-key': key('billing') }];
  forms.push({ authorization: `bearer  ${key('billing')} ` });
  for (const [n, form] of forms.entries()) {
    const headers = { 'content-type': 'application/json', 'x-request-id': `r-${n}`, ...form };
    t.match(await call(port, { path: '/v1/email', headers, body }), { status: 201 });
    t.match(await log.line({ requestId: `r-${n}` }), { caller: 'billing', stream: 'invoices' });
  }
});

t.test('with GATEWAY_AUTH=off every request is the caller default', async (t) => {
  const { port, log } = await startGateway(t, { env: { GATEWAY_AUTH: 'off', GATEWAY_API_KEY: '' } });
  const headers = { 'content-type': 'application/json', 'x-request-id': 'r-1' };
  t.match(await call(port, { path: '/v1/sms', headers, body: JSON.stringify(least.sms) }), { status: 201 });
  t.match(await log.line({ requestId: 'r-1' }), { caller: 'default' });
});

t.test('channel, stream and lane that are not open to the caller are 403', async (t) => {
  const { post, simulator } = await startGateway(t, { yaml });
  const invoice = { ...least.email, stream: 'invoices' };
  const forbidden: [caller: string, path: string, body: unknown, headers?: Record<string, string>][] = [
    ['billing', '/v1/chat', least.chat],
    ['billing', '/v1/sms', least.sms],
    ['billing', '/v1/sms', { ...least.sms, streamId: '532' }],
    ['billing', '/v1/sms', { ...least.sms, streamId: '999' }],
    ['billing', '/v1/email', { ...invoice, lane: 'critical' }],
    ['billing', '/v1/email/preview', { ...invoice, lane: 'critical' }],
    ['billing', '/streams/532/objects', object],
    ['billing', '/streams/999/objects', object],
    ['billing', '/streams/700/objects', object, { 'gateway-lane': 'critical' }],
    ['known', '/v1/email', least.email],
    ['known', '/v1/sms', { ...least.sms, streamId: '999' }],
    ['known', '/v1/sms', { ...least.sms, lane: 'normal' }],
    ['known', '/streams/999/objects', object],
    ['known', '/streams/700/objects', object],
  ];
  for (const [caller, path, body, headers = {}] of forbidden) {
    const answer = await post(path, body, { ...bearer(caller), ...headers });
    const { errors, detail } = expectProblem(t, answer, { code: 'forbidden' });
    if ('gateway-lane' in headers) t.match([errors, detail], [[{ pointer: '' }], /^the header Gateway-Lane: /]);
  }
  t.equal(simulator.counts().calls, 0);
});

t.test('what is open passes, and a raw id that an alias has is that alias', async (t) => {
  const { post, log } = await startGateway(t, { yaml });
  const open: [caller: string, path: string, body: unknown, line: Record<string, unknown>][] = [
    ['billing', '/v1/email', { ...least.email, stream: 'invoices' }, { stream: 'invoices', lane: 'normal' }],
    ['billing', '/v1/sms', { ...least.sms, stream: 'alerts' }, { stream: 'alerts', lane: 'critical' }],
    ['billing', '/v1/email', { ...least.email, streamId: '700' }, { stream: 'invoices', channel: 'email' }],
    ['billing', '/streams/701/objects', object, { stream: 'alerts', channel: 'sms', lane: 'critical' }],
    ['crm', '/v1/sms', { ...least.sms, streamId: '999', lane: 'critical' }, { stream: null, channel: 'raw' }],
    ['crm', '/streams/999/objects', object, { stream: null, channel: 'raw', lane: 'normal' }],
    ['known', '/v1/sms', least.sms, { stream: 'sms', lane: 'bulk' }],
    ['known', '/streams/532/objects', object, { stream: 'sms', channel: 'sms', lane: 'bulk' }],
  ];
  for (const [n, [caller, path, body, line]] of open.entries()) {
    const answer = await post(path, body, { ...bearer(caller), 'x-request-id': `r-${n}` });
    t.ok(answer.status < 300, `${caller} ${path}: ${answer.status}`);
    t.match(await log.line({ msg: 'request', requestId: `r-${n}` }), { caller, ...line });
  }
});

t.test('with an allow-list nobody else can be written to, by either door', async (t) => {
  const { post, simulator } = await startGateway(t, {
    env: { RECIPIENT_ALLOWLIST: '+972-54-444-4444, qa@partner.example, @company.example' },
  });
  const refused: [string, unknown][] = [
    ['/v1/sms', { ...least.sms, to: '+972522222222' }],
    ['/v1/sms', { ...least.sms, to: ['+972544444444', '+972522222222'] }],
    ['/v1/sms', { ...least.sms, identity: '972522222222' }],
    ['/v1/email', { ...least.email, to: 'qa@company.example', bcc: 'jane@example.com' }],
    ['/v1/chat', { ...least.chat, to: 'jane@example.com' }],
    ['/streams/532/objects', { data: { Message: 'x', UserStreamProviderId: '972522222222' } }],
    ['/streams/532/objects', { data: { Message: 'x', Content: '{"to":["972522222222"]}' } }],
    ['/streams/532/objects', { data: { Message: 'x' } }],
    [
      '/streams/532/objects',
      { data: { Message: 'x', UserStreamProviderId: ['972522222222'], Content: { to: ['972544444444'] } } },
    ],
  ];
  for (const [path, body] of refused) expectProblem(t, await post(path, body), { code: 'recipient_not_allowed' });
  t.equal(simulator.counts().calls, 0);
  const email = { ...least.email, to: ['QA@Company.example', 'qa@partner.example'] };
  t.equal((await post('/v1/email', email)).status, 201);
  t.equal((await post('/v1/sms', { ...least.sms, to: '00972 54 444 4444' })).status, 201);
  const raw = { data: { Message: 'x', UserStreamProviderId: '972544444444' } };
  const beside = { ...raw, Data: { Message: 'x', UserStreamProviderId: '972522222222' } };
  expectProblem(t, await post('/streams/532/objects', beside), { code: 'invalid_request', pointers: ['/data'] });
  t.equal((await post('/streams/532/objects', raw)).status, 200);
});
