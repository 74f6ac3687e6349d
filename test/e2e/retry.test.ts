import t from 'tap';
import type { Simulator } from '../../src/simulator/server.ts';
import { expectProblem } from '../http/expect-problem.ts';
import { least, startGateway } from '../support/gateway.ts';
import { createFastClock } from './fast-clock.ts';
import { createJumpingClock } from './stored/jumping-clock.ts';

const FACTOR = 20;
// A patience of seconds also on this clock: a machine that is busy may take one of them.
const fast = { clock: createFastClock(FACTOR), env: { SYNC_WAIT_MS: '60000' } };

/** Milliseconds of the gateway's time between the calls that CommBox saw. */
function gaps(simulator: Simulator): number[] {
  const times = simulator.received().map(({ at }) => Date.parse(at) * FACTOR);
  return times.slice(1).map((time, index) => time - (times[index] ?? 0));
}

t.test('a throttled message is sent within the patience, and the answer counts the attempts', async (t) => {
  const { post, simulator, log } = await startGateway(t, fast);
  simulator.control({ next: [{ status: 429 }, { status: 200, envelopeStatus: '429' }] });
  const answer = await post('/v1/sms', least.sms, { 'x-request-id': 'r-1' });
  t.match(answer, { status: 201, headers: { 'retry-after': undefined } });
  t.equal(answer.json()['attempts'], 3);
  t.match(simulator.counts(), { calls: 3, recorded: 1, throttled: 2 });
  const bodies = simulator.received().map(({ rawBody, headers }) => [rawBody, headers['x-request-id']]);
  t.strictSame(bodies[1], bodies[0], 'every attempt is the same message');
  t.strictSame(bodies[2], bodies[0]);
  t.match(await log.line({ msg: 'request', requestId: 'r-1' }), { status: 201, attempts: 3, state: 'sent' });
});

t.test('a stated Retry-After is kept, in both of its forms', async (t) => {
  const date = 'Thu, 01 Jan 2026 00:00:00 GMT';
  const stated = [
    { headers: { 'Retry-After': '2' }, least: 2000 },
    { headers: { 'Retry-After': 'Thu, 01 Jan 2026 00:00:03 GMT', Date: date }, least: 3000 },
    { headers: { 'Retry-After': '1', Date: 'nonsense' }, least: 1000 },
  ];
  for (const { headers, least: leastMs } of stated) {
    const { post, simulator } = await startGateway(t, fast);
    simulator.control({ next: [{ status: 429, headers }] });
    t.match((await post('/v1/sms', least.sms)).json(), { attempts: 2 });
    const [gap = 0] = gaps(simulator);
    // The timers of both processes count whole milliseconds, which here are 20 of the gateway's.
    t.ok(gap >= leastMs - 2 * FACTOR, `${JSON.stringify(headers)}: waited ${gap} ms`);
  }
});

t.test('nonsense as Retry-After is ignored', async (t) => {
  for (const value of ['soon', '-5', '1.5', '2026-01-01T00:00:00Z', '']) {
    const { post, simulator } = await startGateway(t, fast);
    simulator.control({ next: [{ status: 429, headers: { 'Retry-After': value } }] });
    t.match((await post('/v1/sms', least.sms)).json(), { attempts: 2 }, value);
  }
});

t.test('a wait beyond the patience is answered at once, and the account is left alone meanwhile', async (t) => {
  const clock = createJumpingClock();
  const { post, simulator } = await startGateway(t, { clock });
  t.teardown(() => clock.resume());
  simulator.control({ next: [{ status: 429, headers: { 'Retry-After': '60' } }] });
  // Without a clock nobody can wait for what cannot be.
  clock.halt();
  const throttled = await post('/v1/sms', least.sms);
  const body = expectProblem(t, throttled, { code: 'commbox_throttled' });
  t.match(body['messageId'], /^msg_/);
  t.match(body['upstream'], { status: 429, description: String }, 'what CommBox said to it');
  t.match(throttled.headers['retry-after'], /^6\d$/);
  const next = await post('/v1/email', least.email);
  t.notOk('upstream' in expectProblem(t, next, { code: 'commbox_throttled' }), 'it was never tried');
  t.match(next.headers['retry-after'], /^6\d$/);
  t.equal(simulator.counts().calls, 1);
});

t.test('Prefer: wait sets the patience of one request', async (t) => {
  const { post, simulator } = await startGateway(t, fast);
  const throttle = () => simulator.control({ next: [{ status: 429, headers: { 'Retry-After': '15' } }] });
  throttle();
  t.match(await post('/v1/sms', least.sms, { prefer: 'wait=60' }), { status: 201 });
  throttle();
  expectProblem(t, await post('/v1/sms', least.sms, { prefer: 'wait=14' }), { code: 'commbox_throttled' });
  for (const wait of ['61', '-1', '1.5', 'x', '']) {
    const answer = await post('/v1/sms', least.sms, { prefer: `wait=${wait}` });
    expectProblem(t, answer, { code: 'invalid_request' });
    t.match(answer.json()['detail'], /0 to 60/);
  }
});

t.test('nothing is repeated that CommBox may have', async (t) => {
  const { post, simulator } = await startGateway(t, fast);
  simulator.control({ next: [{ status: 500, record: true }, { reset: 'after' }, { reset: 'before' }] });
  for (let sent = 1; sent <= 3; sent++) {
    expectProblem(t, await post('/v1/sms', { ...least.sms, text: `text ${sent}` }), { code: 'commbox_error' });
    t.equal(simulator.counts().calls, sent);
  }
  t.equal(simulator.counts().duplicates, 0);
});
