import { hash } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { addFallbacks } from '../../src/http/fallbacks.ts';
import { addDoor, createOverload, type Load, type Pressure } from '../../src/http/overload.ts';
import { createCollector, memoryOf } from '../../src/http/overload-gauge.ts';
import { addOverload } from '../../src/http/overload-setup.ts';
import { addRequestHooks } from '../../src/http/request-hooks.ts';
import { createServer } from '../../src/http/server.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { createLog } from '../../src/observability/log.ts';
import { expectProblem } from '../http/expect-problem.ts';
import { rawCall } from '../http/raw-call.ts';
import { CALM, least, startGateway } from '../support/gateway.ts';
import { createLogCapture } from '../support/log-capture.ts';
import { createManualClock } from '../support/manual-clock.ts';

t.test('each kind of pressure alone makes it busy, then full, and is forgotten when it is gone', async (t) => {
  let now = CALM;
  const overload = createOverload({
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
    measure: () => CALM,
    onMemoryShort: () => undefined,
  });
  const clock = createManualClock();
  const app = createServer({ bodyLimit: 1_000, trustProxy: [], clock });
  addFallbacks(app, clock);
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

t.test('under pressure critical messages go first, and then it is over', async (t) => {
  let pressure = CALM;
  const { port, post, get, simulator } = await startGateway(t, { yaml, measurePressure: () => pressure });
  const as = (key: string) => ({ authorization: `Bearer ${key}` });
  const texts = () => simulator.received().map(({ object }) => (object as { Message: string }).Message);
  const batch = { messages: [{ channel: 'sms', ...least.sms, text: 'batch' }] };

  pressure = { ...CALM, eventLoopDelayMs: 600 };
  for (const answer of [
    await post('/v1/sms', { ...least.sms, text: 'normal' }),
    await post('/v1/sms', { ...least.sms, text: 'normal too' }, as(BILLING_KEY)),
    await post('/v1/messages', batch),
    await get('/v1/messages', as(BILLING_KEY)),
  ]) {
    expectProblem(t, answer, { code: 'overloaded', outcome: 'not_sent' });
    t.match(answer.headers['retry-after'], /^\d+$/);
  }
  const door = await post('/streams/532/objects', { data: { Message: 'door' } });
  t.match(door, { status: 503, headers: { 'gateway-outcome': 'not_sent', 'retry-after': /^\d+$/ } });
  t.match(door.json(), { code: 'overloaded', description: String, response_time: String });
  // The head of an upload whose body does not come: whoever cannot send anything critical is told before it.
  const upload = ['POST /v1/email HTTP/1.1', 'Host: x', `X-API-Key: ${BILLING_KEY}`, 'Content-Length: 20000000'];
  const type = 'Content-Type: multipart/form-data; boundary=b';
  const early = await rawCall(t, port, `${[...upload, type].join('\r\n')}\r\n\r\n`);
  if (early.answer() === '') await once(early.socket, 'data');
  t.match(early.answer(), /^HTTP\/1\.1 503 /);

  const served = [
    await post('/v1/sms', { ...least.sms, text: 'critical', lane: 'critical' }),
    await post('/v1/sms', { ...least.sms, text: 'alert', stream: 'alerts' }, as(`${BILLING_KEY}-2`)),
    await post('/streams/532/objects', { data: { Message: 'critical door' } }, { 'gateway-lane': 'critical' }),
    await get('/v1/messages'),
    await get('/livez'),
    await get('/readyz'),
  ];
  t.strictSame(
    served.map(({ status }) => status),
    [201, 201, 200, 200, 200, 200],
  );
  t.strictSame(texts(), ['critical', 'alert', 'critical door']);

  pressure = { ...CALM, eventLoopDelayMs: 2_500 };
  const refused = await post('/v1/sms', { ...least.sms, text: 'too much', lane: 'critical' });
  expectProblem(t, refused, { code: 'overloaded', outcome: 'not_sent' });
  t.equal((await get('/livez')).status, 200);

  pressure = CALM;
  t.equal((await post('/v1/sms', { ...least.sms, text: 'over' })).status, 201, 'by itself');
  t.strictSame(texts().slice(3), ['over']);
});

t.test('an event loop that falls behind is noticed, and that it has caught up', async (t) => {
  const app = createServer({ bodyLimit: 1_000, trustProxy: [], clock: systemClock });
  addRequestHooks(app, { log: createLog({ level: 'info', sink: createLogCapture() }), requestEnded: () => undefined });
  const overload = await addOverload(app, { clock: systemClock });
  await app.ready();
  t.teardown(() => app.close());
  // On a busy machine both come later, but they come.
  for (let turns = 0; overload.load() === 'calm' && turns < 20; turns++) {
    block(1_000);
    await turn();
  }
  t.not(overload.load(), 'calm');
  for (let looks = 0; overload.load() !== 'calm' && looks < 600; looks++) await pause(50);
  t.equal(overload.load(), 'calm');
});

/** Keeps the event loop from turning without any work. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
