import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { addJsonBodies } from '../../src/http/body.ts';
import { type ConnectionLimits, defaultConnectionLimits } from '../../src/http/connection-limits.ts';
import { addFallbacks } from '../../src/http/fallbacks.ts';
import { addOverload } from '../../src/http/overload-setup.ts';
import { addRequestHooks } from '../../src/http/request-hooks.ts';
import { createServer } from '../../src/http/server.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { createLog } from '../../src/observability/log.ts';
import { call } from '../http/call.ts';
import { type RawCall, rawCall } from '../http/raw-call.ts';
import { CALM } from '../support/gateway.ts';
import { createLogCapture } from '../support/log-capture.ts';

interface Listener {
  readonly port: number;
  /** How often the route was called. */
  reached(): number;
  inProgress(): number;
}

/** A listener as the gateway has it, with limits that end within the patience of a test. */
async function listen(t: Test, limits: Partial<ConnectionLimits>): Promise<Listener> {
  let reached = 0;
  const connectionLimits = { ...defaultConnectionLimits, checkMs: 20, ...limits };
  const app = createServer({ bodyLimit: 1024 ** 2, trustProxy: [], clock: systemClock, connectionLimits });
  addFallbacks(app, systemClock);
  const log = createLog({ level: 'info', sink: createLogCapture() });
  addRequestHooks(app, { log, requestEnded: () => undefined });
  await addOverload(app, { clock: systemClock, connectionLimits, measurePressure: () => CALM });
  addJsonBodies(app);
  app.get('/livez', async () => ({ status: 'ok' }));
  app.post('/v1/sms', async (request) => {
    reached += 1;
    return { bytes: (request.body as Buffer).length };
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  t.teardown(() => app.close());
  return { port: Number(new URL(url).port), reached: () => reached, inProgress: app.requestsInProgress };
}

const HEAD = 'POST /v1/sms HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';

/** Writes a piece now and then until the connection ends. */
async function drip({ socket }: RawCall, piece: string, everyMs: number): Promise<void> {
  while (!socket.destroyed && socket.writable) {
    socket.write(piece);
    await pause(everyMs);
  }
}

const timedOut = /^HTTP\/1\.1 408 .*application\/problem\+json.*"invalid_request".*"not_sent"/s;

t.test('headers that trickle in, or never come, end with a 408', async (t) => {
  const { port } = await listen(t, { headersMs: 200 });
  for (const begun of ['', 'GET /livez HTTP/1.1\r\n', HEAD]) {
    const attack = await rawCall(t, port, begun);
    if (begun !== '') void drip(attack, 'X: y\r\n', 20);
    t.match(await attack.ended, timedOut);
  }
  t.equal((await call(port, { method: 'GET', path: '/livez' })).status, 200);
});

t.test('a body below the floor ends with a 408 and reaches no handler', async (t) => {
  const { port, reached } = await listen(t, { bodyGraceMs: 200, bodyBytesPerSecond: 10_000 });
  for (const framing of ['Content-Length: 500000', 'Transfer-Encoding: chunked']) {
    const attack = await rawCall(t, port, `${HEAD}${framing}\r\n\r\n`);
    void drip(attack, framing.startsWith('C') ? 'x' : '1\r\nx\r\n', 20);
    t.match(await attack.ended, timedOut, framing);
  }
  const silent = await rawCall(t, port, `${HEAD}Content-Length: 500000\r\n\r\n`);
  t.match(await silent.ended, timedOut, 'nothing at all');
  t.equal(reached(), 0);
});

t.test('a body that is slow and goes on is taken, however long it takes', async (t) => {
  const { port, reached } = await listen(t, { bodyGraceMs: 200, bodyBytesPerSecond: 10_000 });
  const startedAt = performance.now();
  const { socket, ended } = await rawCall(t, port, `${HEAD}Connection: close\r\nContent-Length: 40000\r\n\r\n`);
  for (let sent = 0; sent < 40_000; sent += 1_000) {
    socket.write('x'.repeat(1_000));
    await pause(30);
  }
  t.match(await ended, /^HTTP\/1\.1 200 .*"bytes":40000/s);
  t.ok(performance.now() - startedAt > 1_000, 'far beyond the time that a body without progress has');
  t.equal(reached(), 1);
});

t.test('an answer does not let its caller send on for ever', async (t) => {
  const { port } = await listen(t, { bodyGraceMs: 200, bodyBytesPerSecond: 10_000 });
  const answers = ['/nowhere', '/livez', '/%c0'].map(async (target) => {
    const method = target === '/livez' ? 'GET' : 'POST';
    const head = `${method} ${target} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const attack = await rawCall(t, port, head);
    void drip(attack, `8000\r\n${'x'.repeat(0x8000)}\r\n`, 20);
    const text = await attack.ended;
    t.match(text, /^HTTP\/1\.1 [24]0/, target);
    t.equal(text.split('HTTP/1.1 ').length, 2, `${target}: one answer`);
  });
  await Promise.all(answers);
});

t.test('a connection between requests is closed when its time is over, and not before', async (t) => {
  const { port } = await listen(t, { idleMs: 200 });
  const request = 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n';
  const { socket, ended, answer } = await rawCall(t, port, request);
  await once(socket, 'data');
  await pause(100);
  socket.write(request);
  t.match(await ended, /"ok".*"ok"/s);
  t.match(answer(), /Keep-Alive: timeout=/i, 'and its caller knows');
});

t.test('connections beyond the limit are told so, then closed, and those within go on', async (t) => {
  const { port } = await listen(t, { connections: 8 });
  const request = 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n';
  const served = await Promise.all(Array.from({ length: 8 }, () => rawCall(t, port, request)));
  await Promise.all(served.map(({ socket }) => once(socket, 'data')));
  const told = await Promise.all(Array.from({ length: 2 }, () => rawCall(t, port, request.replace('livez', 'v1/me'))));
  for (const { ended } of told) {
    t.match(await ended, /^HTTP\/1\.1 503 .*^connection: close.*^retry-after: \d+.*"overloaded".*"not_sent"/ims);
  }
  const held = await Promise.all(Array.from({ length: 2 }, () => rawCall(t, port, request)));
  await Promise.all(held.map(({ socket }) => once(socket, 'data')));
  t.match(held[0]?.answer(), /^HTTP\/1\.1 200 /, 'whoever asks for its health is served beyond the limit');
  const beyond = connect(port, '127.0.0.1');
  beyond.on('error', () => undefined).resume();
  await once(beyond, 'close');
  t.equal(beyond.bytesRead, 0, 'without a word');
  for (const { socket } of held) socket.destroy();

  for (const { socket, answer } of served) {
    socket.write(request);
    await once(socket, 'data');
    t.equal(answer().split('"ok"').length, 3);
    socket.destroy();
    await once(socket, 'close');
  }
  let status = 503;
  while (status === 503) ({ status } = await call(port, { method: 'GET', path: '/livez' }));
  t.equal(status, 200, 'and there is room again');
});

t.test('requests are counted until they are answered or left, so that none is counted for ever', async (t) => {
  const { port, inProgress } = await listen(t, {});
  const body = 'Content-Length: 9\r\n\r\n12345';
  const waiting = await Promise.all(Array.from({ length: 5 }, () => rawCall(t, port, HEAD + body)));
  while (inProgress() < 5) await call(port, { method: 'GET', path: '/livez' });
  for (const [index, { socket }] of waiting.entries()) {
    if (index % 2 === 0) socket.destroy();
    else socket.write('6789');
  }
  for (const path of ['/livez', '/nowhere', '/%c0']) await call(port, { method: 'GET', path });
  while (inProgress() > 0) await pause(5);
  t.equal(inProgress(), 0);
});
