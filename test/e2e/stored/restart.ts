import { rawCall, rawPost } from '../../http/raw-call.ts';
import { GATEWAY_KEY, least } from '../../support/gateway.ts';
import { createHeldAnswers, HELD } from '../../support/held-answers.ts';
import { type Suite, sms, textsAt } from './stage.ts';

/** Ends and deaths of the process. */
export const restart: Suite = (t, start) => {
  t.test('what waits goes on by itself after a restart, what is scheduled at its time', async (t) => {
    const first = await start(t);
    const { simulator: commbox, clock } = first;
    commbox.control({ next: [{ status: 429, headers: { 'Retry-After': '200' } }] });
    const waiting = [await first.accept(sms('one'))];
    await commbox.waitFor(1);
    waiting.push(await first.accept(sms('two')));
    const sendAt = new Date(clock.now() + 3_600_000).toISOString();
    const scheduled = await first.accept(sms('scheduled', { sendAt }));
    await first.close();
    const second = await start(t, { storage: first.storage, commbox });
    t.match(await second.view(waiting[0] ?? ''), { status: 'queued', waitingFor: 'paused' }, 'CommBox said when');
    second.clock.jump(221_000);
    for (const id of waiting) await second.reaches(id, 'sent');
    t.match(await second.view(scheduled), { status: 'queued', waitingFor: 'schedule' });
    second.clock.jump(3_400_000);
    await second.reaches(scheduled, 'sent', 1_000);
    t.strictSame(textsAt(commbox, 'recorded'), ['one', 'two', 'scheduled']);
  });

  t.test('an end waits for what is in flight, and loses nothing that was accepted', async (t) => {
    const held = createHeldAnswers();
    const first = await start(t, {
      env: { UPSTREAM_CONCURRENCY: '2' },
      simulator: { clock: held, next: [HELD, HELD] },
    });
    const { simulator: commbox } = first;
    const plain = first.post('/v1/sms', sms('plain'));
    const keyed = first.post('/v1/sms', sms('keyed'), { 'idempotency-key': 'k' });
    await commbox.waitFor(2);
    const queued = first.post('/v1/sms', sms('queued, its caller waits'));
    const accepted = await first.accept(sms('accepted'));
    const closing = first.close();
    t.match(await queued, { status: 503 });
    held.release();
    await closing;
    t.equal((await plain).status, 201);
    t.equal((await keyed).status, 201);
    t.match((await queued).json(), { code: 'shutting_down', outcome: 'not_sent' });
    const second = await start(t, { storage: first.storage, commbox });
    await second.reaches(accepted, 'sent');
    const again = await second.post('/v1/sms', sms('keyed'), { 'idempotency-key': 'k' });
    t.match(again, { status: 201, text: (await keyed).text, headers: { 'idempotency-replayed': 'true' } });
    t.strictSame(textsAt(commbox).sort(), ['accepted', 'keyed', 'plain']);
  });

  t.test('a batch that was accepted is known until the end, to a repeat that is still arriving', async (t) => {
    const held = createHeldAnswers();
    const gateway = await start(t, { env: { UPSTREAM_CONCURRENCY: '1' }, simulator: { clock: held, next: [HELD] } });
    const item = { channel: 'sms', ...sms('in a batch'), idempotencyKey: 'k' };
    const accepted = await gateway.post('/v1/messages', { messages: [item] });
    await gateway.simulator.waitFor(1);
    const queued = gateway.post('/v1/sms', sms('queued, its caller waits'));
    const arriving = await Promise.all(
      [[item], [item, { ...item, idempotencyKey: 'other' }]].map(async (messages) => {
        const request = rawPost('/v1/messages', GATEWAY_KEY, JSON.stringify({ messages }));
        return { rest: request.slice(-5), call: await rawCall(t, gateway.port, request.slice(0, -5)) };
      }),
    );
    await gateway.get('/v1/me');
    const closing = gateway.close();
    t.match(await queued, { status: 503 });
    for (const { call, rest } of arriving) call.socket.write(rest);
    const [repeat = '', other = ''] = await Promise.all(arriving.map(({ call }) => call.ended));
    const [{ id }] = accepted.json()['results'] as [{ id: string }];
    t.match(repeat, /^HTTP\/1\.1 202 /);
    t.ok(repeat.includes(`"id":"${id}"`), repeat);
    t.match(other, /^HTTP\/1\.1 503 .*shutting_down/s);
    held.release();
    await closing;
    t.strictSame(textsAt(gateway.simulator), ['in a batch']);
  });

  t.test('a death in mid-send ends unknown, or is tried again for whoever accepts duplicates', async (t) => {
    const first = await start(t);
    const { simulator: commbox } = first;
    commbox.control({
      next: [
        { hang: true, record: false },
        { hang: true, record: false },
      ],
    });
    const hold = await first.accept(sms('hold'));
    const again = await first.accept(sms('again', { onUnknown: 'resend' }));
    await commbox.waitFor(2);
    first.clock.halt();
    const second = await start(t, { storage: await first.storage.afterCrash(), commbox });
    const unknown = await second.reaches(hold, 'unknown');
    t.match(unknown, { code: 'commbox_error', attemptLog: [{ outcome: 'interrupted' }] });
    t.match(await second.view(again), { status: 'queued', waitingFor: 'schedule', attempts: 1 });
    t.equal(commbox.counts().calls, 2, 'not before its time');
    second.clock.jump(31_000);
    await second.reaches(again, 'sent', 500);
    t.match(await second.view(hold), { attempts: 1 });
    t.strictSame(textsAt(commbox, 'recorded'), ['again']);
  });

  t.test('a keyed message that was still queued at the death was not sent, and its key is free', async (t) => {
    const first = await start(t);
    const { simulator: commbox } = first;
    commbox.control({ next: [{ status: 429, headers: { 'Retry-After': '9' } }] });
    const headers = ['Idempotency-Key: k'];
    await rawCall(t, first.port, rawPost('/v1/sms', GATEWAY_KEY, JSON.stringify(least.sms), headers));
    await commbox.waitFor(1);
    const queued = async () => (await first.get('/v1/messages?status=queued')).json()['messages'] as unknown[];
    while ((await queued()).length === 0);
    first.clock.halt();
    const second = await start(t, { storage: await first.storage.afterCrash(), commbox });
    // A pause that CommBox asked for outlives the process that was asked, if it had time to say so. With PostgreSQL the
    // probe is its, too, until it has said nothing for 15 s.
    second.clock.jump(20_000);
    const repeat = await second.post('/v1/sms', least.sms, { 'idempotency-key': 'k' });
    t.match(repeat, { status: 201, headers: { 'idempotency-replayed': undefined } });
    t.equal(commbox.counts().recorded, 1);
  });
};
