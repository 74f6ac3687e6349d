import t from 'tap';
import type { Simulator } from '../../src/simulator/server.ts';
import { call, createManualClock, send, start } from './support.ts';

const startMs = Date.UTC(2026, 0, 1);
const startSeconds = startMs / 1000;

async function list(simulator: Simulator, query: string, stream = '1') {
  const answer = await call(simulator, `/streams/${stream}/objects?${query}`);
  return { status: answer.status, text: answer.text, data: JSON.parse(answer.text).data };
}

const messages = (data: { message: string }[]) => data.map(({ message }) => message);

t.test('a stream lists what it holds, by identity or by time', async (t) => {
  const clock = createManualClock(startMs);
  const simulator = await start(t, { clock, firstObjectId: 9007199254740993n });
  const object = { UserStreamProviderId: '972544444444', UserStreamProviderType: 5 };
  await send(simulator, { ...object, Message: 'one' }, '1');
  clock.advance(10_000);
  await send(simulator, { ...object, Message: 'two' }, '1');
  await send(simulator, { ...object, Message: 'mail', UserStreamProviderType: 4 }, '1');
  await send(simulator, { ...object, Message: 'elsewhere' }, '2');
  await send(simulator, { ...object, Message: 'not saved', sendToClient: true }, '1');

  const byIdentity = 'identityStreamProviderId=972544444444&identityStreamProviderType=5';
  const found = await list(simulator, `${byIdentity}&order=asc`);
  t.equal(found.status, 200);
  t.match(found.text, '"objectId":9007199254740993,');
  t.match(found.data, [
    { message: 'one', createdTime: '2026-01-01T00:00:00.000Z', userStreamProviderId: '972544444444' },
    { message: 'two', createdTime: '2026-01-01T00:00:10.000Z' },
  ]);
  t.equal(found.data.length, 2);
  t.same(messages((await list(simulator, byIdentity)).data), ['two', 'one'], 'newest first unless told');

  const span = (from: number, to: number) =>
    `unixStartTime=${startSeconds + from}&unixEndTime=${startSeconds + to}&order=asc`;
  t.same(messages((await list(simulator, span(0, 9))).data), ['one']);
  t.same(messages((await list(simulator, span(0, 10))).data), ['one', 'two', 'mail']);
  t.same(messages((await list(simulator, `${span(10, 10)}&${byIdentity}`)).data), ['two']);
});

t.test('a listing without limits is a 400', async (t) => {
  const simulator = await start(t);
  for (const query of ['', 'identityStreamProviderId=1', 'unixStartTime=1', 'unixStartTime=1&unixEndTime=x']) {
    t.equal((await list(simulator, query)).status, 400, query);
  }
});

t.test('a page holds at most 100 objects', async (t) => {
  const simulator = await start(t, { clock: createManualClock(startMs) });
  for (let index = 0; index < 103; index += 1) await send(simulator, { Message: `${index}` }, '1');
  const query = `unixStartTime=${startSeconds}&unixEndTime=${startSeconds}&order=asc`;
  t.equal((await list(simulator, `${query}&pageSize=1000`)).data.length, 100);
  t.same(messages((await list(simulator, `${query}&pageNumber=2`)).data), ['100', '101', '102']);
  t.same(messages((await list(simulator, `${query}&pageSize=2&pageNumber=3`)).data), ['4', '5']);
});

t.test('ids of a listing may be spelt id', async (t) => {
  const simulator = await start(t, { clock: createManualClock(startMs), listIdKey: 'id' });
  await send(simulator, { Message: 'x' }, '1');
  const found = await list(simulator, `unixStartTime=${startSeconds}&unixEndTime=${startSeconds}`);
  t.match(found.data, [{ id: 294159 }]);
});

t.test('a listing asks for key and stream like a send', async (t) => {
  const simulator = await start(t, { streams: ['1'] });
  t.equal((await list(simulator, 'unixStartTime=1&unixEndTime=2', '2')).status, 404);
  simulator.control({ keys: [] });
  t.equal((await list(simulator, 'unixStartTime=1&unixEndTime=2')).status, 401);
});
