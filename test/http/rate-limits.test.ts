import { hash } from 'node:crypto';
import t from 'tap';
import { GATEWAY_KEY, least, startGateway } from '../support/gateway.ts';
import { call } from './call.ts';
import { expectProblem } from './expect-problem.ts';

const limited = 'key-of-the-caller-with-a-limit';
const yaml = `
callers:
  limited: { keys: ["sha256:${hash('sha256', limited)}"], rateLimit: { max: 3, windowSeconds: 30 } }
`;

t.test('a caller with a limit is told how it stands, and refused beyond it; others are not', async (t) => {
  const { post, simulator } = await startGateway(t, { yaml });
  const own = { authorization: `Bearer ${limited}` };
  const remaining: unknown[] = [];
  for (let n = 1; n <= 3; n++) {
    const answer = await post(
      n === 2 ? '/streams/532/objects' : '/v1/sms',
      n === 2 ? '{"data":{"Message":"x"}}' : least.sms,
      own,
    );
    t.ok(answer.status < 300);
    t.match(answer.headers, { 'ratelimit-limit': '3', 'ratelimit-reset': /^(30|2\d)$/ });
    remaining.push(answer.headers['ratelimit-remaining']);
  }
  t.strictSame(remaining, ['2', '1', '0']);
  const refused = await post('/v1/sms', least.sms, own);
  const { detail } = expectProblem(t, refused, { code: 'rate_limited' });
  t.match(detail, /3 requests in 30 s/);
  t.match(refused.headers, { 'retry-after': /^(30|2\d)$/, 'ratelimit-limit': '3', 'ratelimit-remaining': '0' });
  const other = await post('/v1/sms', least.sms);
  t.equal(other.status, 201);
  t.notOk('ratelimit-limit' in other.headers, 'who has no limit hears of none');
  t.equal(simulator.counts().calls, 4);
});

t.test('at the drop-in door the refusal speaks both formats', async (t) => {
  const { post } = await startGateway(t, { env: { RATE_LIMIT_MAX: '1' } });
  const send = () => post('/streams/532/objects', '{"data":{"Message":"x"}}');
  t.equal((await send()).status, 200);
  const refused = await send();
  const body = expectProblem(t, refused, { code: 'rate_limited' });
  t.equal(body['description'], body['detail']);
  t.match(refused.headers, { 'gateway-outcome': 'not_sent', 'retry-after': /^(60|[45]\d)$/ });
});

const FAILURES = 20;
const fail = (port: number, headers: Record<string, string> = {}) =>
  call(port, { path: '/v1/sms', headers: { 'x-api-key': 'wrong', ...headers }, body: '{}' });

t.test('failed authentications are slowed, and a valid key from that address never is', async (t) => {
  const { post, port } = await startGateway(t);
  for (let n = 0; n < FAILURES; n++) t.equal((await fail(port)).status, 401);
  const slowed = await fail(port);
  expectProblem(t, slowed, { code: 'rate_limited' });
  t.match(slowed.headers['retry-after'], /^(60|[45]\d)$/);
  t.equal((await fail(port, { 'x-forwarded-for': '203.0.113.9' })).status, 429, 'an address cannot be made up');
  for (let n = 0; n < 3; n++) t.equal((await post('/v1/sms', least.sms)).status, 201);
});

t.test('behind a trusted proxy each address counts for itself', async (t) => {
  const { port } = await startGateway(t, { env: { TRUST_PROXY: '127.0.0.0/8' } });
  const from = (address: string) => fail(port, { 'x-forwarded-for': address });
  for (let n = 0; n < FAILURES; n++) await from('203.0.113.7');
  t.equal((await from('203.0.113.7')).status, 429);
  t.equal((await from('203.0.113.8')).status, 401);
  const headers = { 'x-api-key': GATEWAY_KEY, 'x-forwarded-for': '203.0.113.7', 'content-type': 'application/json' };
  t.equal((await call(port, { path: '/v1/sms', headers, body: JSON.stringify(least.sms) })).status, 201);
});
