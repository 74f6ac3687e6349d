import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { addClosing } from '../../src/http/closing.ts';
import { addFallbacks } from '../../src/http/fallbacks.ts';
import { addRequestHooks } from '../../src/http/request-hooks.ts';
import { createServer } from '../../src/http/server.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { createLog } from '../../src/observability/log.ts';
import { createLogCapture } from '../support/log-capture.ts';
import { rawCall } from './raw-call.ts';

// More than the system buffers for one connection, so that some of it waits in the process.
const BIG = Buffer.alloc(16 * 1024 ** 2, 'x');

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

/** A listener as the gateway has it, that is about to end. */
async function listen(t: Test) {
  const app = createServer({ bodyLimit: 1024, trustProxy: [], clock: systemClock });
  addFallbacks(app, systemClock);
  const log = createLog({ level: 'info', sink: createLogCapture() });
  addRequestHooks(app, { log, requestEnded: () => undefined });
  addClosing(app, systemClock);
  app.get('/big', async () => BIG);
  let answered = 0;
  app.addHook('onSend', async () => {
    answered += 1;
  });
  const port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port);
  t.teardown(() => app.close());
  app.closing.begin();
  return { app, port, answered: () => answered };
}

t.test('an answer on its way arrives whole, though the listener closes', async (t) => {
  const { app, port, answered } = await listen(t);
  const { socket } = await rawCall(t, port);
  socket.pause();
  socket.write(get('/big'));
  while (answered() === 0) await pause(5);
  const shut = app.closing.shut();
  const cut = app.closing.cut();
  socket.resume();
  await Promise.all([shut, cut]);
  while (!socket.closed) await pause(5);
  t.ok(socket.bytesRead > BIG.length);
});

t.test('one that nobody reads holds the end for a second, no longer', async (t) => {
  const { app, port, answered } = await listen(t);
  const { socket } = await rawCall(t, port);
  socket.pause();
  socket.write(get('/big'));
  while (answered() === 0) await pause(5);
  const startedAt = performance.now();
  const shut = app.closing.shut();
  await app.closing.cut();
  await shut;
  t.ok(performance.now() - startedAt < 3_000);
});
