import { connect } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startSimulator } from '../../src/simulator/server.ts';
import { call } from '../http/call.ts';
import { startGatewayProcess } from '../support/process.ts';
import { startOddUpstream } from './odd-upstream.ts';

const KEY = 'a-key-of-a-caller-that-is-long-enough';
const headers = { 'x-api-key': KEY, 'content-type': 'application/json' };

/** A connection on which these bytes were sent, and what came back until it ended. */
function openConnection(t: Test, port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  let received = '';
  socket.on('data', (chunk) => {
    received += String(chunk);
  });
  socket.write(bytes);
  return new Promise((resolve) => {
    socket.on('error', () => resolve(received));
    socket.on('close', () => resolve(received));
  });
}

const post = (length: number, body: string) =>
  `POST /v1/sms HTTP/1.1\r\nHost: x\r\nX-API-Key: ${KEY}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`;

t.test('SIGTERM ends the process within its time, whoever holds a connection', async (t) => {
  const simulator = await startSimulator({});
  t.teardown(() => simulator.close());
  const gateway = startGatewayProcess(t, {
    env: {
      COMMBOX_API_URL: simulator.url,
      COMMBOX_API_KEY: 'a-key-of-commbox',
      COMMBOX_SMS_STREAM: '532',
      GATEWAY_API_KEY: KEY,
      DATA_DIR: join(t.testdir(), 'data'),
      PORT: '0',
    },
  });
  const port = await gateway.listening;
  const sendAt = new Date(Date.now() + 3_600_000).toISOString();
  const body = JSON.stringify({ to: '+972544444444', text: 'hello', sendAt });
  const accepted = await call(port, { path: '/v1/sms', headers: { ...headers, prefer: 'respond-async' }, body });
  t.equal(accepted.status, 202);
  const { id } = accepted.json();

  const ends = [
    openConnection(t, port, 'GET /liv'),
    openConnection(t, port, post(1_000, '{"to":')),
    openConnection(
      t,
      port,
      `GET /v1/messages/${id} HTTP/1.1\r\nHost: x\r\nX-API-Key: ${KEY}\r\nPrefer: wait=60\r\n\r\n`,
    ),
  ];
  // One more answer on another connection: by then the requests before it have been read.
  t.equal((await call(port, { method: 'GET', path: '/livez' })).status, 200);
  const from = performance.now();
  gateway.signal('SIGTERM');
  t.strictSame(await gateway.ended, { code: 0, signal: null });
  t.ok(performance.now() - from < 20_000, 'the waits themselves would last a minute');
  const [, , poll] = await Promise.all(ends);
  t.match(poll, /^HTTP\/1\.1 200 OK\r\n.*connection: close\r\n.*"status":"queued"/is);
});

t.test('so it does while CommBox leaves a search without an answer', async (t) => {
  const searching = Promise.withResolvers<void>();
  const url = await startOddUpstream(t, ({ method }, response) => {
    if (method === 'GET') return searching.resolve();
    response.writeHead(500, { 'content-type': 'application/json' }).end('{}');
  });
  const gateway = startGatewayProcess(t, {
    env: {
      COMMBOX_API_URL: url,
      COMMBOX_API_KEY: 'a-key-of-commbox',
      COMMBOX_SMS_STREAM: '532',
      UPSTREAM_TIMEOUT_MS: '60000',
      GATEWAY_API_KEY: KEY,
      DATA_DIR: join(t.testdir(), 'data'),
      PORT: '0',
    },
  });
  const port = await gateway.listening;
  const body = JSON.stringify({ to: '+972544444444', text: 'hello' });
  const { messageId } = (await call(port, { path: '/v1/sms', headers, body })).json();
  const search = call(port, { path: `/v1/messages/${messageId}/reconcile`, headers: { 'x-api-key': KEY } });
  await searching.promise;
  const from = performance.now();
  gateway.signal('SIGTERM');
  t.strictSame(await gateway.ended, { code: 0, signal: null });
  t.ok(performance.now() - from < 29_000, 'the search itself would last a minute');
  const answer = await search;
  t.match(answer, { status: 200, headers: { connection: 'close' } });
  t.match(answer.json(), { id: messageId, status: 'unknown' }, 'who asked is told how things stand');
});
