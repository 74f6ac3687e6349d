import { rawCall, rawPost } from '../../http/raw-call.ts';
import { GATEWAY_KEY, least } from '../../support/gateway.ts';
import { createHeldAnswers, HELD } from '../../support/held-answers.ts';
import { form, sha256 } from '../form.ts';
import { type Suite, sms, textsAt, until } from './stage.ts';

const ASYNC = { prefer: 'respond-async' };

/** A message that is answered before it is sent. */
export const acceptance: Suite = (t, start) => {
  t.test('the answer says where the message is and when it starts; then it arrives whole', async (t) => {
    const { post, simulator, reaches } = await start(t);
    const text = `שלום ${'x'.repeat(50_000)}`;
    const answer = await post(
      '/v1/sms',
      sms(text, { customer: { id: '7', firstName: 'דנה' }, reference: 'r-7' }),
      ASYNC,
    );
    t.match(answer, { status: 202, headers: { 'preference-applied': 'respond-async' } });
    const body = answer.json();
    t.strictSame(Object.keys(body), ['id', 'status', 'lane', 'position', 'estimatedStart']);
    t.match(body, { id: /^msg_/, lane: 'normal', estimatedStart: /Z$/ });
    t.equal(answer.headers.location, `/v1/messages/${body['id']}`);
    const view = await reaches(String(body['id']), 'sent');
    const [call] = simulator.received();
    t.match(call?.object, { Message: text, User: { UniqueId: '7', FirstName: 'דנה' } });
    t.match(view, {
      objectId: call?.objectId,
      attempts: 1,
      outcome: 'sent',
      reference: 'r-7',
      channel: 'sms',
      stream: 'sms',
    });
    t.equal(simulator.counts().calls, 1);
  });

  t.test('what was answered with 202 survives a process that died before it could send', async (t) => {
    const first = await start(t);
    // A stop outlives the process, and nothing is in flight at its death.
    await first.post('/v1/pacing/default/pause', {});
    const attachment = Buffer.from('%PDF of an invoice');
    const { headers, body } = form([
      { name: 'data', content: JSON.stringify({ ...least.email, text: 'with a file' }) },
      { fileName: 'חשבונית.pdf', contentType: 'application/pdf', content: attachment },
    ]);
    const mail = await first.post('/v1/email', body, { ...headers, ...ASYNC });
    const ids = [String(mail.json()['id']), await first.accept(sms('without'))];
    for (const id of ids) await until(async () => (await first.view(id))['waitingFor'] === 'paused');
    first.clock.halt();
    const second = await start(t, { storage: await first.storage.afterCrash() });
    await second.post('/v1/pacing/default/resume', {});
    for (const id of ids) await second.reaches(id, 'sent');
    const file = second.simulator.received().flatMap(({ files }) => files)[0];
    t.match(file, { name: 'חשבונית.pdf', contentType: 'application/pdf', sha256: sha256(attachment) });
    t.strictSame(textsAt(second.simulator).sort(), ['with a file', 'without']);
    t.same(await second.leftInSpool(), []);
  });

  t.test('with wait=N the answer is the result, if that comes in time', async (t) => {
    const held = createHeldAnswers();
    const { post, simulator, reaches, clock } = await start(t, { simulator: { clock: held } });
    const wait = { prefer: 'respond-async, wait=10' };
    t.match(await post('/v1/sms', sms('now'), wait), { status: 201, headers: { 'idempotency-replayed': undefined } });
    simulator.control({ next: [{ status: 400, description: 'bad number' }] });
    const refused = await post('/v1/sms', sms('bad'), wait);
    t.match(refused, { status: 422 });
    t.match(refused.json(), { code: 'commbox_rejected', upstream: { status: 400, description: 'bad number' } });
    simulator.control({ next: [HELD] });
    const waiting = post('/v1/sms', sms('late'), wait);
    await simulator.waitFor(3);
    clock.jump(10_000);
    const late = await waiting;
    t.match(late, { status: 202, headers: { 'preference-applied': 'respond-async' } });
    t.match(late.json(), { status: 'sending', position: null, estimatedStart: null });
    held.release();
    await reaches(String(late.json()['id']), 'sent');
  });

  t.test('what cannot start before the wait is over is not waited for', async (t) => {
    const { post, clock } = await start(t);
    const sendAt = new Date(clock.now() + 3_600_000).toISOString();
    const begin = clock.monotonic();
    const answer = await post('/v1/sms', sms('tomorrow', { sendAt }), { prefer: 'respond-async, wait=60' });
    t.equal(answer.status, 202);
    t.ok(clock.monotonic() - begin < 10_000);
  });

  t.test('a caller that leaves changes nothing', async (t) => {
    const { port, get, simulator, clock } = await start(t);
    simulator.control({ next: [{ status: 429, headers: { 'Retry-After': '20' } }] });
    const request = rawPost('/v1/sms', GATEWAY_KEY, JSON.stringify(sms('left')), ['Prefer: respond-async, wait=60']);
    const { socket, ended } = await rawCall(t, port, request);
    await simulator.waitFor(1);
    socket.destroy();
    await ended;
    const waiting = async () => (await get('/v1/messages?status=queued')).json()['messages'] as unknown[];
    await until(async () => (await waiting()).length === 1);
    clock.jump(30_000);
    await simulator.waitFor(1, 'recorded');
    t.strictSame(textsAt(simulator, 'recorded'), ['left']);
  });

  t.test('a reader may wait for the end', async (t) => {
    const held = createHeldAnswers();
    const { get, accept, simulator } = await start(t, { simulator: { clock: held, next: [HELD] } });
    const id = await accept();
    await simulator.waitFor(1);
    const long = get(`/v1/messages/${id}`, { prefer: 'wait=20' });
    t.match((await get(`/v1/messages/${id}`, { prefer: 'wait=0' })).json(), { status: 'sending' });
    held.release();
    t.match((await long).json(), { status: 'sent', attempts: 1 });
    t.match((await get(`/v1/messages/${id}`, { prefer: 'wait=60' })).json(), { status: 'sent' });
    t.match(await get('/v1/messages/msg_00000000000000000000000000'), { status: 404 });
    t.match(await get('/v1/messages/nonsense'), { status: 404 });
  });

  t.test('the drop-in door accepts as well', async (t) => {
    const { post, reaches, simulator } = await start(t);
    const answer = await post('/streams/532/objects', '{ "data": {"Message": "raw"} }', ASYNC);
    t.match(answer, { status: 202, headers: { 'gateway-message-id': answer.json()['id'], 'gateway-outcome': /.+/ } });
    await reaches(String(answer.json()['id']), 'sent');
    t.equal(simulator.received()[0]?.rawBody, '{ "data": {"Message": "raw"} }');
  });
};
