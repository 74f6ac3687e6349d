import t, { type Test } from 'tap';
import { type CommboxClient, createCommboxClient } from '../../src/commbox/client.ts';
import { type LookupRequest, listObjects } from '../../src/commbox/lookup.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import { startOddUpstream } from '../e2e/odd-upstream.ts';

const KEY = 'key-of-the-account';
const STREAM = 'pE6q0uPbXiw/TLiTv+KsDMw==';
const now = Date.now();
const request: LookupRequest = {
  streamId: STREAM,
  key: KEY,
  requestId: 'r-1',
  identity: { id: '972544444444', type: 5 },
  from: now - 60_000,
  to: now + 60_000,
};

function connect(t: Test, origin: string): CommboxClient {
  const timeouts = { answerMs: 2_000, writeStallMs: 2_000 };
  const client = createCommboxClient({ origin, connections: 1, clock: systemClock, timeouts, connectTimeoutMs: 2_000 });
  t.teardown(() => client.destroy());
  return client;
}

async function send({ url }: Simulator, object: object, streamId = STREAM): Promise<void> {
  await fetch(`${url}/streams/${encodeURIComponent(streamId)}/objects`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ data: object }),
  });
}

const to = (id: string, Message: string) => ({ Message, UserStreamProviderId: id, UserStreamProviderType: 5 });

t.test('it finds what a customer was sent, with the digits of the ids', async (t) => {
  for (const listIdKey of ['objectId', 'id'] as const) {
    const simulator = await startSimulator({ keys: [KEY], listIdKey, firstObjectId: 9007199254740993n });
    t.teardown(() => simulator.close());
    await send(simulator, to('972544444444', 'שלום'));
    await send(simulator, to('972522222222', 'another customer'));
    await send(simulator, to('972544444444', 'another stream'), '532');
    await send(simulator, to('972544444444', 'second'));
    const listed = await listObjects(connect(t, simulator.url), '', request);
    t.match(listed, { kind: 'listed' });
    const objects = listed.kind === 'listed' ? listed.objects : [];
    t.match(objects, [
      { objectId: '9007199254740996', message: 'second' },
      { objectId: '9007199254740993', message: 'שלום' },
    ]);
    for (const { createdAt } of objects) t.ok(createdAt !== null && Math.abs(createdAt - now) < 60_000);
  }
});

t.test('without an identity it looks by time', async (t) => {
  const simulator = await startSimulator({ keys: [KEY] });
  t.teardown(() => simulator.close());
  await send(simulator, { Message: 'hello' });
  const client = connect(t, simulator.url);
  t.match(await listObjects(client, '', { ...request, identity: null }), {
    objects: [{ message: 'hello' }],
  });
  const past = { identity: null, from: now - 120_000, to: now - 60_000 };
  t.strictSame(await listObjects(client, '', { ...request, ...past }), { kind: 'listed', objects: [] });
});

t.test('nothing found is not the same as no answer', async (t) => {
  const simulator = await startSimulator({ keys: [KEY] });
  const client = connect(t, simulator.url);
  t.strictSame(await listObjects(client, '', request), { kind: 'listed', objects: [] });
  t.strictSame(await listObjects(client, '', { ...request, key: 'another' }), { kind: 'unauthorized' });
  await simulator.close();
  t.strictSame(await listObjects(client, '', request), { kind: 'unclear' }, 'no connection');
});

t.test('an answer that makes no sense is none', async (t) => {
  let answer: [status: number, body: string] = [200, ''];
  const url = await startOddUpstream(t, (_, response) => response.writeHead(answer[0]).end(answer[1]));
  const client = connect(t, url);
  const useless: (typeof answer)[] = [
    [200, ''],
    [200, '<html>'],
    [200, 'null'],
    [200, '{"status":200,"data":{}}'],
    [200, '{"status":"500","data":[]}'],
    [429, '{"status":429}'],
    [200, '{"status":429}'],
    [503, '{"data":[]}'],
    [302, '{"data":[]}'],
    [200, `{"data":[],"filler":"${'x'.repeat(1_100_000)}"}`],
  ];
  for (const each of useless) {
    answer = each;
    t.strictSame(await listObjects(client, '', request), { kind: 'unclear' }, each[1].slice(0, 30));
  }
  for (const each of [
    [404, '{"data":[]}'],
    [400, ''],
    [200, '{"status":"404"}'],
  ] satisfies (typeof answer)[]) {
    answer = each;
    t.strictSame(await listObjects(client, '', request), { kind: 'rejected' }, `${each}: asking again is no use`);
  }
  answer = [
    200,
    '{"data":[null,{"objectId":1},{"message":"no id"},{"objectId":"no id","message":"x"},{"objectId":"8","message":"kept","createdTime":"?"}]}',
  ];
  const objects = [{ objectId: '8', message: 'kept', createdAt: null }];
  t.strictSame(await listObjects(client, '', request), { kind: 'listed', objects });
});
