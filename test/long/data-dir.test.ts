import t from 'tap';
import { startSimulator } from '../../src/simulator/server.ts';
import { sqlitePlace } from '../crash/place.ts';
import { call } from '../http/call.ts';
import { COMMBOX_KEY } from '../support/gateway.ts';
import { startGatewayProcess } from '../support/process.ts';
import { createSend } from '../support/sends.ts';

t.setTimeout(300_000);

const WAITS_MS = 30_000;

t.test('a second gateway on data in use gives up after 30 s and names the way out; the first goes on', async (t) => {
  const simulator = await startSimulator({ keys: [COMMBOX_KEY] });
  t.teardown(() => simulator.close());
  const env = await (await sqlitePlace(t)).env(simulator);
  const port = await startGatewayProcess(t, { env }).listening;
  const startedAt = performance.now();
  const second = startGatewayProcess(t, { env });
  t.strictSame(await second.ended, { code: 1, signal: null });
  t.ok(performance.now() - startedAt >= WAITS_MS);
  t.match(second.errors(), env['DATA_DIR']);
  t.match(second.errors(), 'DATABASE_URL');
  t.notMatch(second.errors(), /\n\s+at /, 'an operator gets a sentence, not a stack');
  t.equal((await call(port, createSend('first', 1, 'keyed').call)).status, 201);
});
