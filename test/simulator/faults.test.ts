import net from 'node:net';
import t from 'tap';
import { call, createManualClock, exchange, send, start, statuses, text } from './support.ts';

t.test('scripted answers meet one send each, in their order', async (t) => {
  const next = [{ status: 500 }, { status: 401, description: 'Key expired' }, { status: 200 }];
  const simulator = await start(t, { next });
  const first = await send(simulator, text);
  t.match(JSON.parse(first.text), { status: 500, description: 'Operation failed' });
  t.equal((await call(simulator, '/core/systemstatus')).status, 200, 'only sends use them up');
  t.match(JSON.parse((await send(simulator, text)).text), { status: 401, description: 'Key expired' });
  t.same(await statuses(simulator, 2), [200, 200]);
  t.match(simulator.counts(), { calls: 4, recorded: 2, failed: 2 });
});

t.test('the envelope may disagree with the HTTP status', async (t) => {
  const next = [
    { envelopeStatus: '400' },
    { envelopeStatus: 429 },
    { envelopeStatus: null },
    { status: 201 },
    { status: 500, envelopeStatus: 200 },
  ];
  const simulator = await start(t, { next });
  const answers = [];
  for (const _ of next) {
    const { status, text: body } = await send(simulator, text);
    answers.push([status, JSON.parse(body).status, JSON.parse(body).data !== undefined]);
  }
  t.same(answers, [
    [200, '400', false],
    [200, 429, false],
    [200, undefined, true],
    [201, 201, true],
    [500, 200, false],
  ]);
  t.match(simulator.counts(), { recorded: 2, failed: 2, throttled: 1 });
});

t.test('ids may be missing or spelt Id', async (t) => {
  const simulator = await start(t, { next: [{ noId: true }, { idKey: 'Id' }] });
  t.equal(JSON.parse((await send(simulator, text)).text).data, undefined);
  t.same(JSON.parse((await send(simulator, text)).text).data, { Id: 294160 });
  t.equal(simulator.counts().recorded, 2);
});

t.test('an answer may be a proxy page, empty, or carry headers of its own', async (t) => {
  const page = { status: 502, body: '<h1>Bad gateway</h1>', contentType: 'text/html', headers: { 'X-Proxy': 'edge' } };
  const simulator = await start(t, { next: [page, { body: '' }, { status: 204 }] });
  const answer = await send(simulator, text);
  t.equal(answer.text, '<h1>Bad gateway</h1>');
  t.match([answer.headers.get('content-type'), answer.headers.get('x-proxy')], ['text/html', 'edge']);
  t.match(await send(simulator, text), { status: 200, text: '' });
  t.match(await send(simulator, text), { status: 204, text: '' });
});

t.test('a huge answer arrives whole', async (t) => {
  const simulator = await start(t, { next: [{ bodyBytes: 5_000_001 }] });
  const answer = await send(simulator, text);
  t.equal(answer.text.length, 5_000_001);
  t.equal(answer.headers.get('content-length'), null);
});

t.test('a connection is lost before or after the object is created, or within the answer', async (t) => {
  const simulator = await start(t, { next: [{ reset: 'before' }, { reset: 'after' }, { reset: 'during' }] });
  for (const recorded of [0, 1, 2]) {
    await t.rejects(send(simulator, text));
    t.equal(simulator.counts().recorded, recorded);
  }
  t.match(
    simulator.received().map(({ outcome, status }) => [outcome, status]),
    [
      ['refused', null],
      ['recorded', null],
      ['recorded', null],
    ],
  );
  t.equal((await send(simulator, text)).status, 200);
});

t.test('the answer that breaks off announced more than it gives', async (t) => {
  const simulator = await start(t, { next: [{ reset: 'during' }] });
  const body = JSON.stringify({ data: text });
  const head = `POST /streams/1/objects HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\n`;
  const type = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  const answer = await exchange(simulator, head + type + body);
  t.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
  const [, announced] = /content-length: (\d+)/i.exec(answer) ?? [];
  const given = answer.split('\r\n\r\n')[1]?.length ?? 0;
  t.ok(given > 0 && given < Number(announced));
});

t.test('an early answer does not wait for the body', async (t) => {
  const simulator = await start(t, { next: [{ status: 413, early: true }] });
  const head = 'POST /streams/1/objects HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\n';
  const answer = await exchange(simulator, `${head}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n`);
  t.match(answer, /^HTTP\/1\.1 413 /);
  t.match(answer, /connection: close/i);
});

t.test('a call may hang for ever, created or not', async (t) => {
  const simulator = await start(t, { next: [{ hang: true }, { hang: true, record: false }] });
  const leaving = new AbortController();
  const hanging = [1, 2].map(() => send(simulator, text, '532', { signal: leaving.signal }));
  await simulator.waitFor(2);
  t.match(simulator.counts(), { recorded: 1, failed: 2 });
  t.same(await statuses(simulator, 1), [200], 'others go on');
  leaving.abort();
  for (const call of hanging) await t.rejects(call);
});

t.test('an error may leave the object behind', async (t) => {
  const simulator = await start(t, { next: [{ status: 500, record: true }] });
  t.equal((await send(simulator, text)).status, 500);
  t.match(simulator.counts(), { recorded: 1, failed: 1 });
  simulator.control({ next: [{ status: 500, record: true }] });
  t.equal((await send(simulator, {})).status, 400, 'but never an invalid one');
  t.equal(simulator.counts().recorded, 1);
});

t.test('latency and a scripted delay hold the answer back, not the object', async (t) => {
  const clock = createManualClock();
  const simulator = await start(t, { clock, latency: { ms: 50 }, next: [{ delayMs: 100 }] });
  const answer = send(simulator, text);
  await simulator.waitFor(1, 'recorded');
  clock.advance(149);
  t.equal(clock.waiting(), 1);
  clock.advance(1);
  t.equal((await answer).status, 200);
});

t.test('chance repeats itself with the same seed', async (t) => {
  const run = async (seed: number) => {
    const options = { seed, errorRate: 0.3, errorRecordedRate: 0.5, resetBeforeRate: 0.2, resetAfterRate: 0.2 };
    const simulator = await start(t, options);
    for (let index = 0; index < 40; index += 1) await send(simulator, text).catch(() => {});
    return simulator.received().map(({ status, outcome }) => `${status} ${outcome}`);
  };
  const first = await run(7);
  t.same(await run(7), first);
  t.notSame(await run(8), first);
  const kinds = ['200 recorded', '500 recorded', '500 refused', 'null recorded', 'null refused'];
  t.same([...new Set(first)].sort(), kinds, 'every kind of fault came up');
});

t.test('a client that leaves within its body is seen, and nothing is created', async (t) => {
  const simulator = await start(t);
  const socket = net.connect(simulator.port, '127.0.0.1');
  const head = 'POST /streams/1/objects HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\n';
  const type = 'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n';
  socket.write(`${head}${type}{"data":`, () => socket.destroy());
  await simulator.waitFor(1);
  t.match(simulator.received(), [{ aborted: true, outcome: 'refused', status: null }]);
});
