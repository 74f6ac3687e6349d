import t from 'tap';
import { call, send, start, text } from './support.ts';

t.test('what was received can be looked at, filtered and cleared', async (t) => {
  const simulator = await start(t, { streams: ['1', '2'] });
  await send(simulator, text, '1', { headers: { 'x-request-id': 'r-1', 'x-secret': 'hidden' } });
  await send(simulator, { ...text, Message: 'second' }, '2');
  await send(simulator, text, '3');
  const look = async (query = '') => JSON.parse((await call(simulator, `/_received${query}`)).text);

  const all = await look();
  t.match(all.counts, { calls: 3, recorded: 2, throttled: 0, failed: 1, duplicates: 0 });
  t.match(all.received[0], {
    n: 1,
    at: /^\d{4}-.*Z$/,
    streamId: '1',
    rawPath: '/streams/1/objects',
    contentType: 'application/json',
    headers: { 'x-request-id': 'r-1' },
    object: text,
    files: [],
    outcome: 'recorded',
    status: 200,
    objectId: '294159',
  });
  t.match(all.received[2], { outcome: 'refused', status: 404, objectId: null });

  const numbers = async (query: string) => (await look(query)).received.map(({ n }: { n: number }) => n);
  t.same(await numbers('?streamId=2'), [2]);
  t.same(await numbers('?outcome=refused'), [3]);
  t.same(await numbers('?limit=2'), [2, 3]);
  t.same(await numbers('?limit=0'), []);
  t.equal((await call(simulator, '/_received?outcome=maybe')).status, 400);
  t.equal((await call(simulator, '/_received?limit=-1')).status, 400);

  t.equal((await call(simulator, '/_received', { method: 'DELETE' })).status, 200);
  t.match(await look(), { counts: { calls: 0 }, received: [] });
});

t.test('neither the key nor a header off the list is shown', async (t) => {
  const simulator = await start(t);
  await send(simulator, text, '1', { headers: { 'x-secret': 'hidden' } });
  const shown = JSON.stringify(simulator.received());
  t.notMatch(shown, 'test-key');
  t.notMatch(shown, 'hidden');
  t.match(simulator.received(), [{ headers: { authorization: /^Bearer sha256:[0-9a-f]{12}$/ } }]);
  t.ok(simulator.received()[0]?.headerNames.includes('x-secret'), 'its name is, so that a leak can be noticed');
});

t.test('a repeated send is made visible', async (t) => {
  const simulator = await start(t, { next: [{ reset: 'after' }] });
  await t.rejects(send(simulator, text));
  await send(simulator, text);
  await send(simulator, text, 'other stream');
  await send(simulator, { ...text, Message: 'other text' });
  t.same(simulator.duplicates(), [{ firstN: 1, n: 2 }]);
  t.equal(simulator.counts().duplicates, 1);
});

t.test('the same text with another file is no repetition', async (t) => {
  const simulator = await start(t);
  const post = (content: string) => {
    const body = new FormData();
    body.append('data', JSON.stringify(text));
    body.append('file', new File([content], 'a.txt'));
    return call(simulator, '/streams/1/objects', { method: 'POST', body });
  };
  for (const content of ['one', 'two', 'one']) await post(content);
  t.same(simulator.duplicates(), [{ firstN: 1, n: 3 }]);
});

t.test('only refused sends repeated are no duplicates', async (t) => {
  const simulator = await start(t, { next: [{ status: 429 }, { status: 500 }, { reset: 'before' }] });
  for (let index = 0; index < 4; index += 1) await send(simulator, text).catch(() => {});
  t.same(simulator.duplicates(), []);
});

t.test('memory is bounded by calls and by bytes, and the totals go on', async (t) => {
  const few = await start(t, { keepCalls: 3 });
  for (let index = 0; index < 5; index += 1) await send(few, { Message: `${index}` });
  t.same(
    few.received().map(({ n }) => n),
    [3, 4, 5],
  );
  t.equal(few.counts().calls, 5);

  const small = await start(t, { keepBytes: 50_000 });
  for (let index = 0; index < 4; index += 1) await send(small, { Message: 'x'.repeat(20_000) });
  t.same(
    small.received().map(({ n }) => n),
    [3, 4],
  );
});

t.test('waiting ends with the event, or with the simulator', async (t) => {
  const simulator = await start(t, { next: [{ status: 429 }] });
  const second = simulator.waitFor(1, 'recorded');
  await send(simulator, text);
  await send(simulator, text);
  await second;
  t.equal(simulator.counts().calls, 2);
  await simulator.waitFor(2);
  const never = simulator.waitFor(3);
  await Promise.all([t.rejects(never, /closed/), simulator.close()]);
});
