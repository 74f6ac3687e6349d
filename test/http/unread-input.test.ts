import t from 'tap';
import { least, startGateway } from '../support/gateway.ts';
import { expectProblem } from './expect-problem.ts';

t.test('a query parameter that nothing reads is refused by name', async (t) => {
  const { post, get, simulator } = await startGateway(t);
  const cancel = { reference: 'x' };
  const answers: [answer: Awaited<ReturnType<typeof post>>, pointers: string[]][] = [
    [await post('/v1/sms?lane=bulk&respond-async', least.sms), ['/lane', '/respond-async']],
    [await post('/v1/sms/preview?lane=bulk', least.sms), ['/lane']],
    [await post('/v1/messages/cancel?status=queued', cancel), ['/status']],
    [await post('/v1/messages?lane=bulk', { messages: [{ channel: 'sms', ...least.sms }] }), ['/lane']],
    [await post('/v1/pacing/default/pause?lane=bulk', {}), ['/lane']],
    [await get('/v1/me?x=1'), ['/x']],
  ];
  for (const [answer, pointers] of answers) expectProblem(t, answer, { code: 'invalid_request', pointers });
  t.equal(simulator.counts().calls, 0);
  t.match(await get('/v1/messages?limit=1'), { status: 200 });
  t.match(await post('/v1/sms?', least.sms), { status: 201 });
  t.match(await post('/streams/532/objects?x=1', { data: { Message: 'hello' } }), { status: 200 });
});

t.test('the header for the lane is refused where the lane is a field', async (t) => {
  const { post, get, simulator } = await startGateway(t);
  const headers = { 'gateway-lane': 'bulk' };
  const batch = { messages: [{ channel: 'sms', ...least.sms }] };
  const answers = [
    await post('/v1/sms', least.sms, headers),
    await post('/v1/email/preview', least.email, headers),
    await post('/v1/messages', batch, headers),
    await get('/v1/messages?limit=1', headers),
  ];
  for (const answer of answers) {
    expectProblem(t, answer, { code: 'invalid_request', pointers: [''] });
    t.match(answer.json()['detail'], /Gateway-Lane is for the drop-in door; here lane is a field/);
  }
  t.equal(simulator.counts().calls, 0);
  t.match(await post('/streams/532/objects', { data: { Message: 'hello' } }, headers), { status: 200 });
});

t.test('a body that nothing reads is refused', async (t) => {
  const { post } = await startGateway(t);
  const sent = await post('/v1/sms', least.sms);
  const id = String(sent.json()['id']);
  for (const action of ['cancel', 'resend', 'reconcile']) {
    const path = `/v1/messages/${id}/${action}`;
    expectProblem(t, await post(path, { lane: 'bulk' }), { code: 'invalid_request', pointers: [''] });
    for (const body of ['', '{}', ' { } ']) expectProblem(t, await post(path, body), { code: 'conflict' });
  }
});

t.test('respond-async takes no value, so that false is not read as true', async (t) => {
  const { post } = await startGateway(t);
  const answer = await post('/v1/sms', least.sms, { prefer: 'respond-async=false' });
  expectProblem(t, answer, { code: 'invalid_request' });
  t.match(answer.json()['detail'], /Prefer: respond-async takes no value/);
  // An empty value is none (RFC 7240, section 2).
  t.match(await post('/v1/sms', least.sms, { prefer: 'respond-async=""' }), { status: 202 });
});

t.test('what stands between quotes in Prefer is no preference of its own', async (t) => {
  const { post } = await startGateway(t);
  const answers: [prefer: string, status: number][] = [
    ['foo="a, respond-async, b"', 201],
    ['foo="a, wait=99"', 201],
    ['foo="\\", respond-async, \\""; x=1', 201],
    ['foo="a", respond-async', 202],
    ['respond-async; x="a, b", wait=0', 202],
    ['wait="5"', 201],
    ['wait = 5', 201],
    ['wait="99"', 400],
    ['wait="5', 400],
  ];
  for (const [prefer, status] of answers)
    t.equal((await post('/v1/sms', least.sms, { prefer })).status, status, prefer);
});
