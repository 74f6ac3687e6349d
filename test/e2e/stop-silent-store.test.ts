import { join } from 'node:path';
import t from 'tap';
import { startSimulator } from '../../src/simulator/server.ts';
import { call } from '../http/call.ts';
import { startPostgres } from '../support/postgres.ts';
import { startGatewayProcess } from '../support/process.ts';
import { startOddWay } from './odd-way.ts';

const KEY = 'a-key-of-a-caller-that-is-long-enough';

t.test('SIGTERM ends the process within 30 s though the database says nothing any more', async (t) => {
  const postgres = await startPostgres(t);
  const simulator = await startSimulator({});
  t.teardown(() => simulator.close());
  const url = new URL(await postgres.freshDatabase());
  const way = await startOddWay(t, Number(url.port));
  url.port = String(way.port);
  const gateway = startGatewayProcess(t, {
    env: {
      COMMBOX_API_URL: simulator.url,
      COMMBOX_API_KEY: 'a-key-of-commbox',
      COMMBOX_SMS_STREAM: '532',
      GATEWAY_API_KEY: KEY,
      DATABASE_URL: url.href,
      DATA_DIR: join(t.testdir(), 'data'),
      PORT: '0',
    },
  });
  const port = await gateway.listening;
  const headers = { 'x-api-key': KEY, 'content-type': 'application/json', 'idempotency-key': 'order-1' };
  const body = JSON.stringify({ to: '+972544444444', text: 'hello' });
  t.equal((await call(port, { path: '/v1/sms', headers, body })).status, 201);
  way.silence();
  const unanswered = call(port, { path: '/v1/sms', headers: { ...headers, 'idempotency-key': 'order-2' }, body });
  unanswered.catch(() => undefined);
  const from = performance.now();
  gateway.signal('SIGTERM');
  await gateway.ended;
  t.ok(performance.now() - from < 30_000, `it took ${Math.round(performance.now() - from)} ms`);
  const ends = ['closed', 'closing took too long'].flatMap((msg) => gateway.log.lines({ msg }));
  t.equal(ends.length, 1);
});
