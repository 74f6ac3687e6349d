import { expectProblem } from '../../http/expect-problem.ts';
import { least } from '../../support/gateway.ts';
import { createHeldAnswers, HELD } from '../../support/held-answers.ts';
import { type Suite, sms } from './stage.ts';

const key = (value: string) => ({ 'idempotency-key': value });
const isReplay = { headers: { 'idempotency-replayed': 'true' } };
const later = (now: number, ms = 3_600_000) => new Date(now + ms).toISOString();

/** Keys of messages that were answered before they were sent: kept however the message ends. */
export const asyncKeys: Suite = (t, start) => {
  t.test('while it waits, a repeat gets its present state at once', async (t) => {
    const { post, clock, simulator } = await start(t);
    const message = sms('later', { sendAt: later(clock.now()) });
    const first = await post('/v1/sms', message, key('k'));
    t.match(first, { status: 202, headers: { 'preference-applied': undefined } });
    const begin = clock.monotonic();
    for (const headers of [
      {},
      { prefer: 'respond-async' },
      { prefer: 'respond-async, wait=30' },
      { prefer: 'wait=30' },
    ]) {
      const again = await post('/v1/sms', message, { ...key('k'), ...headers });
      t.match(again, { status: 202 }, JSON.stringify(headers));
      t.match(again.json(), { id: first.json()['id'], status: 'queued' });
    }
    t.ok(clock.monotonic() - begin < 20_000, 'nobody waits for what cannot end in time');
    expectProblem(t, await post('/v1/sms', { ...message, text: 'x' }, key('k')), { code: 'idempotency_mismatch' });
    t.equal(simulator.counts().calls, 0);
  });

  t.test('after it was sent, a repeat gets the result', async (t) => {
    const { post, accept, reaches, simulator } = await start(t);
    const id = await accept(least.sms, key('k'));
    await reaches(id, 'sent');
    for (const prefer of ['respond-async', 'wait=1']) {
      const again = await post('/v1/sms', least.sms, { ...key('k'), prefer });
      t.match(again, { status: 201, ...isReplay });
      t.match(again.json(), { id, status: 'sent' });
    }
    t.equal(simulator.counts().calls, 1);
  });

  t.test('a repeat needs no room in a full queue', async (t) => {
    const { post, clock } = await start(t, { env: { QUEUE_LIMIT: '1' } });
    const message = sms('later', { sendAt: later(clock.now()) });
    const body = { messages: [{ channel: 'sms', ...message, idempotencyKey: 'k' }] };
    const first = await post('/v1/sms', message, key('k'));
    const { id } = first.json();
    expectProblem(t, await post('/v1/sms', message), { code: 'overloaded' });
    expectProblem(t, await post('/v1/sms', message, key('new')), { code: 'overloaded' });
    t.match((await post('/v1/sms', message, key('k'))).json(), { id, status: 'queued' });
    expectProblem(t, await post('/v1/sms', { ...message, text: 'x' }, key('k')), { code: 'idempotency_mismatch' });
    t.match((await post('/v1/messages', body)).json(), { results: [{ id, status: 'queued' }] });
  });

  t.test('a plain repeat waits for what is under way', async (t) => {
    const held = createHeldAnswers();
    const { post, get, accept, simulator } = await start(t, { simulator: { clock: held, next: [HELD] } });
    const id = await accept(least.sms, key('k'));
    await simulator.waitFor(1);
    const repeat = post('/v1/sms', least.sms, key('k'));
    await get('/v1/messages');
    held.release();
    const again = await repeat;
    t.match(again, { status: 201, ...isReplay });
    t.equal(again.json()['id'], id);
  });

  t.test('every end is kept: rejected, refused key, unknown, canceled, expired', async (t) => {
    const { post, accept, reaches, simulator, clock } = await start(t);
    const ends = [
      [{ status: 400 }, 'failed', 'commbox_rejected'],
      [{ status: 401 }, 'failed', 'commbox_unauthorized'],
      [{ status: 500 }, 'unknown', 'commbox_error'],
    ] as const;
    for (const [next, status, code] of ends) {
      simulator.control({ next: [next] });
      const id = await accept(sms(code), key(code));
      await reaches(id, status);
      const { calls } = simulator.counts();
      const again = await post('/v1/sms', sms(code), key(code));
      t.match(again, isReplay, code);
      t.match(again.json(), { code, messageId: id });
      t.equal(simulator.counts().calls, calls);
    }
    const sendAt = later(clock.now(), 60_000);
    const waiting = sms('canceled', { sendAt });
    const canceled = await accept(waiting, key('canceled'));
    await post(`/v1/messages/${canceled}/cancel`, '');
    const expiring = sms('expired', { expiresAt: later(clock.now(), 30_000) });
    simulator.control({ next: [{ status: 429, headers: { 'Retry-After': '200' } }] });
    const expired = await accept(expiring, key('expired'));
    await simulator.waitFor(simulator.counts().calls, 'calls');
    await reaches(expired, 'expired', 5_000);
    for (const [message, name, id, status] of [
      [waiting, 'canceled', canceled, 409],
      [expiring, 'expired', expired, 429],
    ] as const) {
      const again = await post('/v1/sms', message, key(name));
      if (name === 'expired') t.match(again.headers, { 'retry-after': /^\d+$/ });
      t.match(again, { status, ...isReplay }, name);
      t.match(again.json(), { messageId: id, outcome: 'not_sent' }, name);
    }
  });

  t.test(
    'at the drop-in door the result within the wait is CommBox’s own answer, and so is what a repeat gets',
    async (t) => {
      const { post, simulator } = await start(t);
      const answers = [
        [201, '{"status":201,"data":{"id":7,"url":"u"}}', 'sent'],
        [400, '{"status":400,"description":"bad","data":{"field":"ManagerId"}}', 'not_sent'],
        [500, '{"status":500,"description":"Operation failed"}', 'unknown'],
      ] as const;
      const prefer = { prefer: 'respond-async, wait=30' };
      for (const [status, body, outcome] of answers) {
        const expected = { status, text: body, headers: { 'gateway-outcome': outcome } };
        const request = ['/streams/532/objects', `{"data":{"Message":"${outcome}"}}`] as const;
        simulator.control({
          next: [
            { status, body },
            { status, body },
          ],
        });
        t.match(await post(...request, prefer), expected, `${status} without a key`);
        t.match(await post(...request, { ...prefer, ...key(outcome) }), expected, `${status} with one`);
        const again = await post(...request, key(outcome));
        t.match(again, { ...expected, headers: { ...expected.headers, 'idempotency-replayed': 'true' } });
      }
    },
  );

  t.test('a canceled message of the drop-in door is not called sent', async (t) => {
    const { post, simulator } = await start(t);
    simulator.control({ next: [{ status: 429, headers: { 'Retry-After': '200' } }] });
    const request = ['/streams/532/objects', '{"data":{"Message":"hi"}}'] as const;
    const accepted = await post(...request, { ...key('k'), prefer: 'respond-async' });
    await simulator.waitFor(1);
    const id = String(accepted.json()['id']);
    let canceled = await post(`/v1/messages/${id}/cancel`, '');
    while (canceled.status === 409) canceled = await post(`/v1/messages/${id}/cancel`, '');
    const again = await post(...request, key('k'));
    t.match(again, { status: 409, headers: { 'gateway-outcome': 'not_sent', 'gateway-message-id': id } });
  });
};
