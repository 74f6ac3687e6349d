import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { type ConnectionLimits, defaultConnectionLimits } from '../../src/http/connection-limits.ts';
import { addFallbacks } from '../../src/http/fallbacks.ts';
import { addOverload } from '../../src/http/overload-setup.ts';
import { addRequestHooks } from '../../src/http/request-hooks.ts';
import { createServer } from '../../src/http/server.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { createLog } from '../../src/observability/log.ts';
import { CALM } from '../support/gateway.ts';
import { createLogCapture } from '../support/log-capture.ts';
import { call } from './call.ts';
import { rawCall } from './raw-call.ts';

// More than the system buffers for one connection, so that some of it waits in the process.
const BIG = Buffer.alloc(32 * 1024 ** 2, 'x');

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

/** A listener as the gateway has it, whose load is the number of its requests and nothing else. */
async function listen(t: Test, limits: Partial<ConnectionLimits> = {}) {
  const connectionLimits = { ...defaultConnectionLimits, checkMs: 20, ...limits };
  const app = createServer({ bodyLimit: 1024, trustProxy: [], clock: systemClock, connectionLimits });
  addFallbacks(app, systemClock);
  const log = createLogCapture();
  addRequestHooks(app, { log: createLog({ level: 'info', sink: log }), requestEnded: () => undefined });
  const measurePressure = () => ({ ...CALM, requests: app.requestsInProgress() });
  await addOverload(app, { clock: systemClock, connectionLimits, measurePressure });
  let reached = 0;
  const held = Promise.withResolvers<void>();
  app.get('/big', async () => BIG);
  app.get('/held', async () => {
    await held.promise;
    return { held: true };
  });
  app.get('/small', async () => {
    reached += 1;
    return { ok: true };
  });
  let arrived = 0;
  app.server.on('request', () => {
    arrived += 1;
  });
  const connections: Socket[] = [];
  app.server.on('connection', (socket: Socket) => connections.push(socket));
  const port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port);
  t.teardown(() => app.close());
  return { app, port, connections, log, arrived: () => arrived, reached: () => reached, release: held.resolve };
}

t.test('answers that nobody reads turn no other caller away', async (t) => {
  const { port, arrived, app } = await listen(t);
  for (let connection = 0; connection < 45; connection++) {
    const attack = await rawCall(t, port);
    attack.socket.pause();
    attack.socket.write(get('/big') + get('/small').repeat(95));
  }
  while (arrived() < 45 * 96) await pause(5);
  t.equal((await call(port, { method: 'GET', path: '/small' })).status, 200);
  t.equal(app.requestsInProgress(), 0, 'what is answered is no work any more, read or not');
});

t.test('a connection whose answer is not read ends', async (t) => {
  const { port, connections, log } = await listen(t, { unreadMs: 200 });
  const { socket } = await rawCall(t, port);
  socket.pause();
  socket.write(get('/big'));
  while (connections[0] === undefined) await pause(5);
  if (!connections[0].destroyed) await once(connections[0], 'close');
  while (log.lines().length < 1) await pause(5);
  t.match(log.lines(), [{ route: '/big', status: 200, callerLeft: true }]);
});

t.test('so it does if further requests keep coming on it', async (t) => {
  const { port, connections } = await listen(t, { unreadMs: 200, pipelined: 1_000_000 });
  const { socket } = await rawCall(t, port);
  socket.pause();
  socket.write(get('/big'));
  while (connections[0] === undefined) await pause(5);
  while (!connections[0].destroyed) {
    socket.write(get('/small'));
    await pause(20);
  }
  t.ok(connections[0].destroyed);
});

t.test('an answer that is read slowly arrives whole, however long it takes', async (t) => {
  const { port } = await listen(t, { unreadMs: 400 });
  const { socket } = await rawCall(t, port, get('/big'));
  const startedAt = performance.now();
  while (socket.bytesRead < BIG.length && !socket.destroyed) {
    await once(socket, 'data');
    socket.pause();
    await pause(2);
    socket.resume();
  }
  t.ok(socket.bytesRead > BIG.length);
  t.ok(performance.now() - startedAt > 800, 'far longer than an answer may rest');
});

t.test('a hundred requests may wait behind another on one connection', async (t) => {
  const { port, release, reached } = await listen(t);
  const { answer } = await rawCall(t, port, get('/held') + get('/small').repeat(100));
  while (reached() < 100) await pause(5);
  release();
  while (answer().split('HTTP/1.1 200').length < 102) await pause(5);
  t.match(answer(), /"held".*"ok"/s);
});

t.test('with more than that the connection ends, and what came behind is not served', async (t) => {
  const { port, release, reached, app } = await listen(t);
  for (const path of ['/small', '/%c0']) {
    const { ended } = await rawCall(t, port, get('/held') + get(path).repeat(101) + get('/small').repeat(900));
    t.equal(await ended, '', path);
    t.ok(reached() <= 100, `${reached()} were served`);
  }
  release();
  while (app.requestsInProgress() > 0) await pause(5);
  t.equal((await call(port, { method: 'GET', path: '/small' })).status, 200);
});
