import t from 'tap';
import { call } from '../http/call.ts';
import { rawCall, rawPost } from '../http/raw-call.ts';
import { GATEWAY_KEY, least, startGateway } from '../support/gateway.ts';
import { createHeldAnswers, HELD } from '../support/held-answers.ts';

const sms = (text: string) => JSON.stringify({ ...least.sms, text });
const id = (requestId: string) => [`X-Request-Id: ${requestId}`];
/** An answer on another connection tells that the gateway has seen what happened before. */
const seen = (port: number) => call(port, { method: 'GET', path: '/livez' });

t.test('a message whose caller left while it was queued is never sent', async (t) => {
  const held = createHeldAnswers();
  const { port, post, simulator, log } = await startGateway(t, {
    env: { UPSTREAM_CONCURRENCY: '1' },
    simulator: { clock: held, next: [HELD] },
  });
  const first = post('/v1/sms', sms('first'));
  await simulator.waitFor(1);
  const left = await rawCall(t, port, rawPost('/v1/sms', GATEWAY_KEY, sms('left'), id('left')));
  const stays = post('/v1/sms', sms('stays'));
  t.equal((await seen(port)).status, 200);
  left.socket.destroy();
  const line = await log.line({ msg: 'request', requestId: 'left' });
  t.match(line, { state: 'failed', outcome: 'not_sent', attempts: 0, callerLeft: true });
  held.release();
  t.equal((await first).status, 201);
  t.equal((await stays).status, 201);
  t.strictSame(
    simulator.received().map(({ object }) => (object as { Message: string }).Message),
    ['first', 'stays'],
  );
});

t.test('a message whose caller left while it was in flight is not cut', async (t) => {
  const held = createHeldAnswers();
  const { port, simulator, log } = await startGateway(t, { simulator: { clock: held, next: [HELD] } });
  const { socket } = await rawCall(t, port, rawPost('/v1/sms', GATEWAY_KEY, sms('hello'), id('left')));
  await simulator.waitFor(1);
  socket.destroy();
  await seen(port);
  held.release();
  const line = await log.line({ msg: 'request', requestId: 'left' });
  t.match(line, { state: 'sent', attempts: 1, callerLeft: true, durationMs: Number });
  t.equal(log.lines({ requestId: 'left' }).length, 1);
  t.match(simulator.counts(), { calls: 1, recorded: 1 });
});

t.test('a message that was throttled after its caller left is not tried again', async (t) => {
  const held = createHeldAnswers();
  const throttled = { ...HELD, status: 429 };
  const { port, simulator, log } = await startGateway(t, { simulator: { clock: held, next: [throttled] } });
  const { socket } = await rawCall(t, port, rawPost('/v1/sms', GATEWAY_KEY, sms('hello'), id('left')));
  await simulator.waitFor(1);
  socket.destroy();
  await seen(port);
  held.release();
  t.match(await log.line({ msg: 'request', requestId: 'left' }), { state: 'failed', outcome: 'not_sent', attempts: 1 });
  t.match(simulator.counts(), { calls: 1, recorded: 0 });
});

t.test('a request that ends in the middle sends nothing, leaves no file and is logged as no fault', async (t) => {
  const { port, simulator, log, leftInSpool } = await startGateway(t);
  const whole = rawPost('/v1/sms', GATEWAY_KEY, sms('hello'), id('half'));
  const half = await rawCall(t, port, whole.slice(0, -5));
  const upload = await rawCall(
    t,
    port,
    `POST /v1/email HTTP/1.1\r\nHost: x\r\nX-Request-Id: upload\r\nX-API-Key: ${GATEWAY_KEY}\r\n`,
    'Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n',
    '--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nsome bytes of it',
  );
  t.equal((await seen(port)).status, 200);
  half.socket.destroy();
  upload.socket.destroy();
  for (const requestId of ['half', 'upload']) {
    t.match(await log.line({ msg: 'request', requestId }), { level: 30, code: 'invalid_request', callerLeft: true });
  }
  t.same(await leftInSpool(), []);
  t.equal(simulator.counts().calls, 0);
});

t.test(
  'of callers that leave as soon as they have asked, each is told of once, and what is said of it is true',
  async (t) => {
    const { port, simulator, log } = await startGateway(t);
    const names = Array.from({ length: 20 }, (_, n) => `left-${n}`);
    await Promise.all(
      names.map(async (name) => {
        const { socket } = await rawCall(t, port, rawPost('/v1/sms', GATEWAY_KEY, sms(name), id(name)));
        socket.destroy();
      }),
    );
    const lines = await Promise.all(names.map((requestId) => log.line({ msg: 'request', requestId })));
    for (const line of lines) t.match(line, { state: /^(sent|failed)$/, callerLeft: true });
    t.ok(
      names.every((requestId) => log.lines({ msg: 'request', requestId }).length === 1),
      'once',
    );
    const sent = names.filter((_, n) => (lines[n] as { state?: string }).state === 'sent');
    const received = simulator.received().map(({ object }) => (object as { Message: string }).Message);
    t.strictSame(new Set(received), new Set(sent));
  },
);
