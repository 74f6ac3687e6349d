import { expectProblem } from '../../http/expect-problem.ts';
import { least } from '../../support/gateway.ts';
import { type Suite, sms, textsAt, until } from './stage.ts';

/** A store that is out of reach for a while. */
export const outage: Suite = (t, start) => {
  t.test('what needs it is refused, the rest goes on, and it recovers by itself', async (t) => {
    const { post, get, accept, reaches, simulator, storage, clock } = await start(t);
    const before = await accept(sms('before', { sendAt: new Date(clock.now() + 60_000).toISOString() }));
    t.match(await get('/readyz'), { status: 200 });
    // That answer is told to others for half a second.
    clock.jump(500);
    const giveBack = await storage.takeAway();
    const [accepted, keyed, batch, ready, plain] = await Promise.all([
      post('/v1/sms', sms('accepted'), { prefer: 'respond-async' }),
      post('/v1/sms', sms('keyed'), { 'idempotency-key': 'k' }),
      post('/v1/messages', { messages: [{ channel: 'sms', ...sms('batch') }] }),
      get('/readyz'),
      post('/v1/sms', sms('plain')),
    ]);
    for (const refused of [accepted, keyed, batch]) {
      expectProblem(t, refused, { code: 'storage_unavailable' });
      t.match(refused.headers['retry-after'], /^\d+$/);
    }
    t.equal(plain.status, 201);
    t.match(ready, { status: 503 });
    t.notMatch(ready.text, /sql|postgres|\//i, 'the reasons are short and tell nothing');
    t.equal((await get('/livez')).status, 200);
    t.strictSame(textsAt(simulator), ['plain']);

    await giveBack();
    await until(async () => (await get('/readyz')).status === 200);
    t.equal((await post('/v1/sms', sms('keyed'), { 'idempotency-key': 'k' })).status, 201);
    clock.jump(60_000);
    await reaches(before, 'sent', 500);
    await reaches(await accept(sms('after')), 'sent');
    t.match(await get(`/v1/messages/${plain.json()['id']}`), { status: 200 });
    t.strictSame(textsAt(simulator), ['plain', 'keyed', 'before', 'after']);
  });

  t.test('what was accepted before it is called accepted, though nobody can tell how far it is', async (t) => {
    const { post, get, reaches, simulator, storage, clock } = await start(t);
    await post('/v1/pacing/default/pause', {});
    const attachments = [{ filename: 'a.txt', content: Buffer.from('bytes').toString('base64') }];
    const mail = { ...least.email, attachments };
    const waiting = post('/v1/email', mail, { prefer: 'respond-async, wait=20', 'idempotency-key': 'k' });
    await until(async () => ((await get('/v1/messages')).json()['messages'] as unknown[]).length === 1);
    const giveBack = await storage.takeAway();
    clock.jump(20_000);
    const answer = await waiting;
    t.equal(answer.status, 202);
    t.match(answer.json(), { id: /^msg_/, status: 'queued' });
    await giveBack();
    await until(async () => (await get('/readyz')).status === 200);
    await until(async () => (await post('/v1/pacing/default/resume', {})).status === 200);
    await reaches(String(answer.json()['id']), 'sent', 500);
    t.match(simulator.received()[0]?.files, [{ name: 'a.txt' }]);
  });
};
