import { expectProblem } from '../../http/expect-problem.ts';
import { asCaller, callersYaml } from './callers.ts';
import { type Suite, sms, textsAt } from './stage.ts';

const MINUTE_MS = 60_000;

/** Taking messages back. */
export const cancel: Suite = (t, start) => {
  t.test('what waits can be canceled once, what ended cannot', async (t) => {
    const { accept, reaches, post, clock, simulator } = await start(t);
    const sendAt = new Date(clock.now() + MINUTE_MS).toISOString();
    const waiting = await accept(sms('waiting', { sendAt }));
    const sent = await accept(sms('sent'));
    await reaches(sent, 'sent');
    const canceled = await post(`/v1/messages/${waiting}/cancel`, '');
    t.match(canceled, { status: 200 });
    t.match(canceled.json(), { id: waiting, status: 'canceled', outcome: 'not_sent', waitingFor: null });
    for (const id of [waiting, sent]) {
      const again = await post(`/v1/messages/${id}/cancel`, '');
      t.equal(expectProblem(t, again, { code: 'conflict' })['messageId'], id);
    }
    clock.jump(2 * MINUTE_MS);
    t.match(await reaches(waiting, 'canceled'), { attempts: 0 });
    t.strictSame(textsAt(simulator), ['sent']);
  });

  t.test('of cancel and send exactly one wins', async (t) => {
    const { accept, post, view, clock, simulator } = await start(t, { env: { UPSTREAM_CONCURRENCY: '4' } });
    const sendAt = new Date(clock.now() + MINUTE_MS).toISOString();
    const texts = Array.from({ length: 30 }, (_, n) => `race ${n}`);
    const ids = await Promise.all(texts.map((text) => accept(sms(text, { sendAt }))));
    clock.jump(MINUTE_MS);
    await simulator.waitFor(1);
    const answers = await Promise.all(ids.toReversed().map((id) => post(`/v1/messages/${id}/cancel`, '')));
    answers.reverse();
    const ends = await Promise.all(ids.map((id) => view(id, { prefer: 'wait=20' })));
    const arrived = new Set(textsAt(simulator));
    t.ok(answers.some(({ status }) => status === 409));
    for (const [n, { status }] of answers.entries()) {
      const isCanceled = status === 200;
      t.equal(ends[n]?.status, isCanceled ? 'canceled' : 'sent');
      t.equal(arrived.has(texts[n] ?? ''), !isCanceled);
    }
  });

  t.test('many at once, by the filters of the list', async (t) => {
    const yaml = callersYaml({ a: '', b: '', boss: 'admin: true' });
    const { accept, post, view, clock } = await start(t, { yaml });
    const sendAt = new Date(clock.now() + MINUTE_MS).toISOString();
    const later = (caller: string, reference: string) =>
      accept(sms(`${caller} ${reference}`, { sendAt, reference }), asCaller(caller));
    const ids = [await later('a', 'x'), await later('a', 'y'), await later('b', 'x'), await later('b', 'y')];
    const cancelMany = async (caller: string, body: unknown) => post('/v1/messages/cancel', body, asCaller(caller));
    const statuses = async () =>
      (await Promise.all(ids.map((id) => view(id, asCaller('boss'))))).map(({ status }) => status);

    expectProblem(t, await cancelMany('a', { caller: 'b' }), { code: 'forbidden' });
    expectProblem(t, await cancelMany('a', { refrence: 'x' }), { code: 'invalid_request', pointers: ['/refrence'] });
    t.strictSame(await statuses(), ['queued', 'queued', 'queued', 'queued']);
    t.strictSame((await cancelMany('a', { reference: 'x' })).json(), { canceled: 1 });
    t.strictSame(await statuses(), ['canceled', 'queued', 'queued', 'queued']);
    t.strictSame((await cancelMany('boss', { caller: 'b', reference: 'y', status: 'queued' })).json(), { canceled: 1 });
    t.strictSame((await cancelMany('b', { status: 'sent' })).json(), { canceled: 0 });
    for (const caller of ['b', 'boss']) {
      const { detail } = expectProblem(t, await cancelMany(caller, {}), { code: 'invalid_request', pointers: [''] });
      t.match(detail, /at least one of: status, .*; or "all": true/);
    }
    const both = await cancelMany('boss', { all: true, reference: 'y' });
    expectProblem(t, both, { code: 'invalid_request', pointers: ['/all'] });
    expectProblem(t, await cancelMany('boss', { all: false }), { code: 'invalid_request', pointers: ['/all'] });
    t.strictSame(await statuses(), ['canceled', 'queued', 'queued', 'canceled']);
    t.strictSame((await cancelMany('b', { all: true })).json(), { canceled: 1 });
    t.strictSame(await statuses(), ['canceled', 'queued', 'canceled', 'canceled']);
    t.strictSame((await cancelMany('boss', { all: true })).json(), { canceled: 1 });
    t.strictSame(await statuses(), ['canceled', 'canceled', 'canceled', 'canceled']);
  });

  for (const way of ['one', 'many'] as const) {
    t.test(
      `a caller who waits for its message is told at once when ${way} is canceled, and its key is free`,
      async (t) => {
        const { post, get, view, clock, simulator } = await start(t);
        simulator.control({ next: [{ status: 429, headers: { 'Retry-After': '50' } }] });
        const key = { 'idempotency-key': 'k' };
        const waiting = post('/v1/sms', sms('waiting', { reference: 'run' }), { ...key, prefer: 'wait=60' });
        await simulator.waitFor(1);
        const listed = async () => {
          const { messages } = (await get('/v1/messages?status=queued')).json() as { messages: { id: string }[] };
          return messages[0]?.id;
        };
        let id = await listed();
        while (id === undefined) id = await listed();
        const canceledAt = clock.now();
        if (way === 'one') t.equal((await post(`/v1/messages/${id}/cancel`, '')).status, 200);
        else {
          t.strictSame((await post('/v1/messages/cancel', { reference: 'other' })).json(), { canceled: 0 });
          t.strictSame((await post('/v1/messages/cancel', { reference: 'run' })).json(), { canceled: 1 });
        }
        t.equal(expectProblem(t, await waiting, { code: 'conflict', outcome: 'not_sent' })['messageId'], id);
        t.ok(clock.now() - canceledAt < 20_000, 'long before it could have started');
        t.match(await view(id), { status: 'canceled', outcome: 'not_sent' });
        clock.jump(60_000);
        const again = await post('/v1/sms', sms('waiting', { reference: 'run' }), key);
        t.match(again, { status: 201, headers: { 'idempotency-replayed': undefined } });
        t.strictSame(textsAt(simulator, 'recorded'), ['waiting']);
      },
    );
  }
};
