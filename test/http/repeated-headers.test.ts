import t from 'tap';
import { GATEWAY_KEY as key, least, startGateway } from '../support/gateway.ts';
import { rawCall, rawPost } from './raw-call.ts';

const sms = JSON.stringify(least.sms);

t.test('a header with one value that came on two lines is refused by name', async (t) => {
  const { port, simulator } = await startGateway(t);
  const cases: [lines: string[], name: string][] = [
    [['Idempotency-Key: order-1', 'idempotency-key: order-2'], 'Idempotency-Key'],
    [['Idempotency-Key: order-1', 'Idempotency-Key: order-1'], 'Idempotency-Key'],
    [['Authorization: Bearer another-key-of-24-characters'], 'Authorization'],
    [['X-API-Key: a', 'X-API-Key: b'], 'X-API-Key'],
    [['Content-Type: text/plain'], 'Content-Type'],
    [['Gateway-Lane: bulk', 'Gateway-Lane: normal'], 'Gateway-Lane'],
  ];
  for (const path of ['/v1/sms', '/v1/sms/preview', '/v1/messages', '/streams/532/objects']) {
    for (const [lines, name] of cases) {
      const { ended } = await rawCall(t, port, rawPost(path, key, sms, lines));
      const answer = await ended;
      t.match(answer, /^HTTP\/1\.1 400 /, `${path} ${name}`);
      t.match(answer, `the header ${name} must be given once`);
      t.notMatch(answer, /order-|another-key/, 'what was given is not quoted');
    }
  }
  t.equal(simulator.counts().calls, 0);
});

t.test('headers that are lists, or are not understood, may come on several lines', async (t) => {
  const { port } = await startGateway(t);
  const lines = ['Prefer: wait=5', 'Prefer: respond-async', 'X-Own: 1', 'X-Own: 2', 'Idempotency-Key: order-1'];
  const sent = await rawCall(t, port, rawPost('/v1/sms', key, sms, lines));
  t.match(await sent.ended, /^HTTP\/1\.1 20[12] [\s\S]*preference-applied: respond-async|^HTTP\/1\.1 201 /i);
  const traces = ['traceparent: 00-1-2-00', 'traceparent: 00-1-2-01', 'X-Request-Id: a', 'X-Request-Id: b'];
  const replaced = await rawCall(t, port, rawPost('/v1/sms', key, sms, traces));
  t.match(await replaced.ended, /^HTTP\/1\.1 201 [\s\S]*x-request-id: [\da-f-]{36}/i);
});

t.test('of two keys Authorization counts; another scheme than Bearer is a proxy’s affair', async (t) => {
  const { port } = await startGateway(t);
  const both = rawPost('/v1/sms', key, sms, ['X-API-Key: another-key-of-24-characters']);
  t.match(await (await rawCall(t, port, both)).ended, /^HTTP\/1\.1 201 /);
  const basic = rawPost('/v1/sms', key, sms, [`X-API-Key: ${key}`]).replace(`Bearer ${key}`, 'Basic YTpi');
  t.match(await (await rawCall(t, port, basic)).ended, /^HTTP\/1\.1 201 /);
});
