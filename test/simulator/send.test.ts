import t from 'tap';
import { call, createManualClock, send, start, text } from './support.ts';

t.test('a valid object is answered with an envelope and the next id', async (t) => {
  const simulator = await start(t, { clock: createManualClock() });
  const first = await send(simulator, text);
  t.equal(first.status, 200);
  t.equal(
    first.text,
    '{"status":200,"description":"OK","response_time":"2026-01-01T00:00:00.000Z","data":{"id":294159}}',
  );
  t.match(await send(simulator, text), { text: /"id":294160/ });
});

t.test('ids beyond 2^53 keep every digit', async (t) => {
  const simulator = await start(t, { firstObjectId: 9007199254740993n });
  t.match(await send(simulator, text), { text: /"data":\{"id":9007199254740993\}/ });
  t.match(await send(simulator, text), { text: /"data":\{"id":9007199254740994\}/ });
  t.same(
    simulator.received().map(({ objectId }) => objectId),
    ['9007199254740993', '9007199254740994'],
  );
});

t.test('an encrypted stream id is one path segment, and both its forms are shown', async (t) => {
  const simulator = await start(t);
  const id = 'pE6q0/Pb+iwBNLiTvKsDMw==';
  t.equal((await send(simulator, text, id)).status, 200);
  const [received] = simulator.received();
  t.equal(received?.streamId, id);
  t.equal(received?.rawPath, '/streams/pE6q0%2FPb%2BiwBNLiTvKsDMw%3D%3D/objects');
  const unescaped = await call(simulator, `/streams/${id}/objects`, { method: 'POST' });
  t.equal(unescaped.status, 404, 'a slash that is not encoded makes it another path');
});

t.test('only the accepted keys open it, and they change while it runs', async (t) => {
  const simulator = await start(t, { keys: ['test-key'] });
  t.equal((await send(simulator, text)).status, 200);
  simulator.control({ keys: ['other-key'] });
  const refused = await send(simulator, text);
  t.equal(refused.status, 401);
  t.match(JSON.parse(refused.text), { status: 401, description: 'Unauthorized', response_time: String });
  t.equal((await call(simulator, '/core/systemstatus')).status, 401);
  simulator.control({ keys: ['other-key', 'test-key'] });
  t.equal((await call(simulator, '/core/systemstatus')).status, 200);
  const basic = await send(simulator, text, '532', { headers: { authorization: 'Basic test-key' } });
  t.equal(basic.status, 401);
});

t.test('an unknown stream is a 404 envelope, and nothing is created', async (t) => {
  const simulator = await start(t, { streams: ['532'] });
  t.equal((await send(simulator, text, '532')).status, 200);
  const refused = await send(simulator, text, '533');
  t.equal(refused.status, 404);
  t.match(JSON.parse(refused.text), { status: 404 });
  t.match(simulator.counts(), { calls: 2, recorded: 1, failed: 1 });
});

t.test('what the reference rules out is a 400 that says why', async (t) => {
  const simulator = await start(t);
  const cases: [body: unknown, description: RegExp][] = [
    [{}, /Message/],
    [{ Message: '' }, /Message/],
    [{ Message: 5 }, /Message/],
    [{ ...text, Type: 'mail' }, /Type/],
    [{ ...text, Type: 4.5 }, /Type/],
    [{ ...text, Type: 2 ** 40 }, /Type/],
    [{ ...text, ManagerId: true }, /ManagerId/],
    [{ ...text, StatusId: {} }, /StatusId/],
    [{ ...text, Content: [] }, /Content/],
    [{ ...text, Content: 'no json' }, /Content/],
    [{ ...text, User: 'x' }, /User/],
    [{ ...text, User: { UniqueId: 'x'.repeat(51) } }, /User\.UniqueId .* 50/],
    ['{"Message":"no wrapper"}', /data is required/],
    ['{"data":', /valid JSON/],
  ];
  for (const [body, description] of cases) {
    const answer = await send(simulator, body);
    t.match({ status: answer.status, ...JSON.parse(answer.text) }, { status: 400, description }, String(description));
  }
  const plain = await send(simulator, text, '532', { headers: { 'content-type': 'text/plain' } });
  t.equal(plain.status, 400);
  t.equal(simulator.counts().recorded, 0);
});

t.test("the reference's own variety is accepted", async (t) => {
  const simulator = await start(t);
  const objects = [
    { ...text, UserIdentity: 100000000419660, StatusId: 1, Type: 4, createChildObject: true },
    { ...text, StatusId: 'Open', Content: '{"subject":"x"}', User: { Phone1: '972544444444' } },
    { ...text, ManagerId: '9223372036854775807', SubStreamId: null },
  ];
  for (const object of objects) t.equal((await send(simulator, object)).status, 200, JSON.stringify(object));
});

t.test('the text received is kept to the last digit', async (t) => {
  const simulator = await start(t);
  const body = '{ "data": {"Message":"שלום", "ManagerId": 9223372036854775807} }';
  t.equal((await send(simulator, body)).status, 200);
  t.match(simulator.received(), [{ rawBody: body, rawData: null, object: { Message: 'שלום' } }]);
});

t.test('a text sent past the conversation may go without an id', async (t) => {
  const simulator = await start(t);
  const direct = { ...text, sendToClient: true };
  t.ok(JSON.parse((await send(simulator, direct)).text).data.id);
  simulator.control({ sendToClientId: false });
  t.equal(JSON.parse((await send(simulator, direct)).text).data, undefined);
  t.ok(JSON.parse((await send(simulator, text)).text).data.id);
});

t.test('other routes are 404 envelopes', async (t) => {
  const simulator = await start(t);
  for (const path of ['/', '/streams/1', '/streams//objects', '/streams/%E0%A4%A/objects', '/core/other']) {
    const answer = await call(simulator, path);
    t.match({ status: answer.status, ...JSON.parse(answer.text) }, { status: 404, response_time: String }, path);
  }
});
