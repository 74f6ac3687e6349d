import { hash } from 'node:crypto';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { addFallbacks } from '../../src/http/fallbacks.ts';
import { addDoor, createOverload, defaultOverloadLimits, type Load, type Pressure } from '../../src/http/overload.ts';
import { createCollector, memoryOf } from '../../src/http/overload-gauge.ts';
import { addRequestHooks } from '../../src/http/request-hooks.ts';
import { createServer } from '../../src/http/server.ts';
import { createLog } from '../../src/observability/log.ts';
import { expectProblem } from '../http/expect-problem.ts';
import { rawCall } from '../http/raw-call.ts';
import { least, startGateway } from '../support/gateway.ts';
import { createLogCapture } from '../support/log-capture.ts';
import { createManualClock } from '../support/manual-clock.ts';

const CALM: Pressure = { eventLoopDelayMs: 5, heapShare: 0.3, memoryShare: 0.3, requests: 100 };

t.test('each kind of pressure alone makes it busy, then full, and is forgotten when it is gone', async (t) => {
  let now = CALM;
  const overload = createOverload({
    limits: defaultOverloadLimits,
    measure: () => now,
    onMemoryShort: () => undefined,
  });
  const steps: [Partial<Pressure>, Load][] = [
    [{ eventLoopDelayMs: 600 }, 'busy'],
    [{ eventLoopDelayMs: 2_500 }, 'full'],
    [{ eventLoopDelayMs: Number.POSITIVE_INFINITY }, 'full'],
    [{ heapShare: 0.9 }, 'busy'],
    [{ heapShare: 0.96 }, 'full'],
    [{ memoryShare: 0.9 }, 'busy'],
    [{ memoryShare: 0.96 }, 'full'],
    [{ requests: 3_000 }, 'busy'],
    [{ requests: 4_000 }, 'full'],
  ];
  for (const [pressure, load] of steps) {
    now = { ...CALM, ...pressure };
    t.equal(overload.load(), load, JSON.stringify(pressure));
    now = CALM;
    t.equal(overload.load(), 'calm');
  }
});

t.test('while it is full, only those who watch over it are let in', async (t) => {
  let load: Load = 'full';
  const overload = createOverload({
    limits: defaultOverloadLimits,
    measure: () => CALM,
    onMemoryShort: () => undefined,
  });
  const app = createServer({ bodyLimit: 1_000, trustProxy: [], clock: createManualClock() });
  addFallbacks(app);
  addRequestHooks(app, { log: createLog({ level: 'info', sink: createLogCapture() }), requestEnded: () => undefined });
  addDoor(app, { ...overload, load: () => load });
  for (const path of ['/livez', '/readyz', '/metrics', '/v1/me']) app.get(path, async () => ({ path }));
  t.teardown(() => app.close());
  for (const url of ['/livez', '/readyz', '/metrics']) t.equal((await app.inject({ url })).statusCode, 200, url);
  for (const url of ['/v1/me', '/nowhere']) {
    const { statusCode, headers, body } = await app.inject({ url });
    t.match(
      { statusCode, headers, body: JSON.parse(body) },
      { statusCode: 503, headers: { 'retry-after': '5' }, body: { code: 'overloaded' } },
    );
  }
  load = 'calm';
  t.equal((await app.inject({ url: '/v1/me' })).statusCode, 200);
});

t.test('the container counts where it is smaller than the machine', async (t) => {
  const GIB = 1024 ** 3;
  t.equal(memoryOf(GIB, 8 * GIB), GIB);
  t.equal(memoryOf(0, 8 * GIB), 8 * GIB);
  t.equal(memoryOf(2 ** 64, 8 * GIB), 8 * GIB);
});

t.test('want of memory makes room, at most every ten seconds', async (t) => {
  const clock = createManualClock();
  const collect = createCollector(clock);
  const collected = async () => {
    const reference = new WeakRef({ text: 'x'.repeat(1_000) });
    // A reference holds what it was made of until the turn ends.
    await turn();
    collect();
    return reference.deref() === undefined;
  };
  t.equal(await collected(), true, 'what nobody holds is gone');
  await clock.advance(9_000);
  t.equal(await collected(), false, 'not so soon');
  await clock.advance(1_000);
  t.equal(await collected(), true);
});

const BILLING_KEY = 'key-of-billing-that-is-long-enough';
const yaml = `
streams:
  alerts: { channel: sms, id: "900", lane: critical }
callers:
  billing: { keys: ["sha256:${hash('sha256', BILLING_KEY)}"], streams: [sms, email] }
  watch: { keys: ["sha256:${hash('sha256', `${BILLING_KEY}-2`)}"], streams: [alerts] }
`;

t.test('with the event loop behind, critical messages go first, and then it is over', async (t) => {
  const { port, post, get, simulator } = await startGateway(t, { yaml });
  const as = (key: string) => ({ authorization: `Bearer ${key}` });
  // The head of an upload whose body does not come: whoever cannot send anything critical is told before it.
  const upload = ['POST /v1/email HTTP/1.1', 'Host: x', `X-API-Key: ${BILLING_KEY}`, 'Content-Length: 20000000'];
  const type = 'Content-Type: multipart/form-data; boundary=b';

  // Turns that are long but not endless: longer than two measurements before the requests, and for as long as they take.
  let isBehind = true;
  const fallBehind = async () => {
    while (isBehind) {
      block(560);
      await turn();
    }
  };
  const behind = fallBehind();
  await pause(2_200);
  const early = rawCall(t, port, `${[...upload, type].join('\r\n')}\r\n\r\n`);
  const batch = { messages: [{ channel: 'sms', ...least.sms, text: 'batch' }] };
  const [shed, served, door] = await Promise.all([
    Promise.all([
      post('/v1/sms', { ...least.sms, text: 'normal' }),
      post('/v1/sms', { ...least.sms, text: 'normal too' }, as(BILLING_KEY)),
      post('/v1/messages', batch),
      get('/v1/messages', as(BILLING_KEY)),
    ]),
    Promise.all([
      post('/v1/sms', { ...least.sms, text: 'critical', lane: 'critical' }),
      post('/v1/sms', { ...least.sms, text: 'alert', stream: 'alerts' }, as(`${BILLING_KEY}-2`)),
      post('/streams/532/objects', { data: { Message: 'critical door' } }, { 'gateway-lane': 'critical' }),
      get('/v1/messages'),
      get('/livez'),
      get('/readyz'),
    ]),
    post('/streams/532/objects', { data: { Message: 'door' } }),
  ]);
  isBehind = false;
  await behind;
  for (const answer of shed) {
    expectProblem(t, answer, { code: 'overloaded', outcome: 'not_sent' });
    t.match(answer.headers['retry-after'], /^\d+$/);
  }
  t.match(door, { status: 503, headers: { 'gateway-outcome': 'not_sent', 'retry-after': /^\d+$/ } });
  t.match(door.json(), { code: 'overloaded', description: String, response_time: String });
  t.match((await early).answer(), /^HTTP\/1\.1 503 /);
  t.strictSame(
    served.map(({ status }) => status),
    [201, 201, 200, 200, 200, 200],
  );
  const texts = simulator.received().map(({ object }) => (object as { Message: string }).Message);
  t.strictSame(texts.sort(), ['alert', 'critical', 'critical door']);

  let status = 503;
  for (const end = performance.now() + 10_000; status === 503 && performance.now() < end; await pause(50)) {
    ({ status } = await post('/v1/sms', least.sms));
  }
  t.equal(status, 201, 'by itself');
});

/** Keeps the event loop from turning without any work. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
