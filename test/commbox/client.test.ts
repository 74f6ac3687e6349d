import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { type CommboxRequest, createCommboxClient } from '../../src/commbox/client.ts';
import { systemClock } from '../../src/kernel/clock.ts';

t.test('a call that cannot be made fails alone: those of the same turn go out', async (t) => {
  const received: string[] = [];
  const server = createServer((request, response) => {
    received.push(String(request.headers['x-request-id']));
    response.end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = createCommboxClient({
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: 2,
    clock: systemClock,
    timeouts: { answerMs: 5_000, writeStallMs: 5_000 },
    connectTimeoutMs: 5_000,
  });
  t.teardown(async () => {
    await client.destroy();
    server.close();
  });
  const call = (requestId: string, body: CommboxRequest['body']) =>
    client.call({ method: 'POST', path: '/', key: 'key', requestId, traceparent: undefined, body });
  const broken = new Error('no such file');
  const chunks = () => {
    throw broken;
  };
  const calls = [
    call('broken', { contentType: 'multipart/form-data; boundary=b', contentLength: 1, chunks }),
    call('whole', '{}'),
  ];
  const [first, second] = await Promise.allSettled(calls);
  t.match(first, { status: 'rejected', reason: broken });
  t.match(second, { status: 'fulfilled', value: { kind: 'answer', status: 200 } });
  t.strictSame(received, ['whole']);
});
