import type { ErrorCode } from '../../../src/kernel/errors.ts';
import { expectProblem } from '../../http/expect-problem.ts';
import { rawCall, rawPost } from '../../http/raw-call.ts';
import { GATEWAY_KEY, least } from '../../support/gateway.ts';
import { createHeldAnswers, HELD } from '../../support/held-answers.ts';
import { type Suite, sms, textsAt, until } from './stage.ts';

const key = (value: string) => ({ 'idempotency-key': value });
const isReplay = { headers: { 'idempotency-replayed': 'true' } };
const isFirst = { headers: { 'idempotency-replayed': undefined } };

/** What a key stands for while its message is under way, and after each way it can end. */
export const keys: Suite = (t, start) => {
  t.test('requests at the same time get one answer from one call', async (t) => {
    const held = createHeldAnswers();
    const { post, get, simulator } = await start(t, { simulator: { clock: held, next: [HELD] } });
    const together = Array.from({ length: 6 }, () => post('/v1/sms', least.sms, key('k')));
    await simulator.waitFor(1);
    await get('/v1/messages');
    held.release();
    const answers = await Promise.all(together);
    t.equal(new Set(answers.map(({ text }) => text)).size, 1);
    t.ok(answers.every(({ status }) => status === 201));
    t.equal(answers.filter(({ headers }) => headers['idempotency-replayed'] === 'true').length, 5);
    t.equal(simulator.counts().calls, 1);
  });

  t.test('the one that cannot wait longer is told to come back, another body is refused even so', async (t) => {
    const held = createHeldAnswers();
    const { post, simulator } = await start(t, { simulator: { clock: held, next: [HELD] } });
    const first = post('/v1/sms', least.sms, key('k'));
    await simulator.waitFor(1);
    const early = await post('/v1/sms', least.sms, { ...key('k'), prefer: 'wait=0' });
    expectProblem(t, early, { code: 'idempotency_in_flight' });
    t.match(early.headers['retry-after'], /^\d+$/);
    expectProblem(t, await post('/v1/sms', sms('other'), key('k')), { code: 'idempotency_mismatch' });
    const state = await post('/v1/sms', least.sms, { ...key('k'), prefer: 'respond-async' });
    t.match(state, { status: 202 });
    t.match(state.json(), { id: early.json()['messageId'], status: 'sending' });
    held.release();
    t.equal((await first).status, 201);
    t.match(await post('/v1/sms', least.sms, { ...key('k'), prefer: 'wait=0' }), { status: 201, ...isReplay });
  });

  t.test('what CommBox decided, or may have, is kept', async (t) => {
    const { post, simulator } = await start(t, { env: { UPSTREAM_TIMEOUT_MS: '400' } });
    const ends = [
      [{ status: 200 }, 201, null],
      [{ status: 400, description: 'bad' }, 422, 'commbox_rejected'],
      [{ status: 404 }, 404, 'commbox_stream_not_found'],
      [{ status: 500 }, 502, 'commbox_error'],
      [{ reset: 'after' }, 502, 'commbox_error'],
      [{ hang: true }, 504, 'commbox_timeout'],
    ] as const;
    for (const [next, status, code] of ends) {
      const name = JSON.stringify(next);
      simulator.control({ next: [next] });
      const first = await post('/v1/sms', sms(name), key(name));
      t.match(first, { status, ...isFirst }, name);
      const { calls } = simulator.counts();
      const again = await post('/v1/sms', sms(name), key(name));
      t.match(again, { status, text: first.text, ...isReplay }, name);
      if (code !== null) t.match(again.json(), { code }, name);
      t.equal(simulator.counts().calls, calls, name);
    }
  });

  t.test('what was surely not sent frees its key', async (t) => {
    const held = createHeldAnswers();
    const env = { UPSTREAM_CONCURRENCY: '1' };
    const { post, simulator, clock } = await start(t, { env, simulator: { clock: held } });
    const sendsNow = async (name: string) => {
      const answer = await post('/v1/sms', sms(name), { ...key(name), prefer: 'wait=60' });
      t.match(answer, { status: 201, ...isFirst }, name);
    };
    const refused = async (name: ErrorCode, body: unknown = sms(name), headers = {}) => {
      const answer = await post('/v1/sms', body, { ...key(name), ...headers });
      expectProblem(t, answer, { code: name });
      t.match(answer, isFirst, name);
    };
    await refused('invalid_request', { text: 'no recipient' });
    await sendsNow('invalid_request');

    simulator.control({ next: [{ status: 401 }] });
    await refused('commbox_unauthorized');
    await sendsNow('commbox_unauthorized');

    simulator.control({ next: [{ status: 429, headers: { 'Retry-After': '100' } }] });
    await refused('commbox_throttled');
    clock.jump(120_000);
    await sendsNow('commbox_throttled');

    simulator.control({ next: [HELD] });
    const busy = post('/v1/sms', sms('busy'));
    await simulator.waitFor(simulator.counts().calls + 1);
    await refused('overloaded', sms('overloaded'), { prefer: 'wait=0' });
    held.release();
    t.equal((await busy).status, 201);
    await sendsNow('overloaded');
  });

  t.test('an unreachable CommBox frees the key', async (t) => {
    const { post } = await start(t, { env: { COMMBOX_API_URL: 'http://127.0.0.1:1' } });
    for (let tries = 0; tries < 2; tries++) {
      const answer = await post('/v1/sms', least.sms, { ...key('k'), prefer: 'wait=0' });
      expectProblem(t, answer, { code: 'commbox_unreachable' });
      t.match(answer, isFirst);
    }
  });

  t.test('one whose caller left while it was queued is not sent, and the next with its key is the first', async (t) => {
    const held = createHeldAnswers();
    const { port, post, get, simulator, log } = await start(t, {
      env: { UPSTREAM_CONCURRENCY: '1' },
      simulator: { clock: held, next: [HELD] },
    });
    const busy = post('/v1/sms', sms('busy'));
    await simulator.waitFor(1);
    const request = rawPost('/v1/sms', GATEWAY_KEY, JSON.stringify(sms('keyed')), ['Idempotency-Key: k']);
    const left = await rawCall(t, port, request);
    await until(async () => {
      const early = await post('/v1/sms', sms('keyed'), { ...key('k'), prefer: 'respond-async' });
      return early.json()['status'] === 'queued';
    });
    const second = post('/v1/sms', sms('keyed'), key('k'));
    await get('/v1/messages');
    left.socket.destroy();
    await log.line({ msg: 'request', callerLeft: true });
    held.release();
    t.match(await second, { status: 201 });
    t.equal((await busy).status, 201);
    t.strictSame(textsAt(simulator), ['busy', 'keyed']);
  });

  t.test('a process that dies in the middle leaves an unknown message, which is never sent again', async (t) => {
    const first = await start(t);
    first.simulator.control({ next: [{ hang: true }] });
    const cut = first.post('/v1/sms', least.sms, key('k'));
    await first.simulator.waitFor(1);
    first.clock.halt();
    const commbox = first.simulator;
    const second = await start(t, { storage: await first.storage.afterCrash(), commbox });
    const again = await second.post('/v1/sms', least.sms, key('k'));
    t.match(again, { status: 502, ...isReplay });
    const { messageId, code, outcome } = again.json();
    t.strictSame([code, outcome], ['commbox_error', 'unknown']);
    t.match(await second.view(String(messageId)), {
      status: 'unknown',
      outcome: 'unknown',
      attempts: 1,
      attemptLog: [{ outcome: 'interrupted', upstreamStatus: null }],
    });
    t.match(await second.post('/v1/sms', least.sms, key('k')), { text: again.text, ...isReplay });
    t.equal(commbox.counts().calls, 1);
    await commbox.close();
    t.equal((await cut).status, 502);
  });
};
