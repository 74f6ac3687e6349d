import { mkdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { systemClock } from '../../src/kernel/clock.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { lockDataDir } from '../../src/store/data-dir-lock.ts';
import { startGatewayProcess } from '../support/process.ts';
import { until } from './stored/stage.ts';

async function placeOf(t: Test) {
  const simulator = await startSimulator({});
  t.teardown(() => simulator.close());
  const dataDir = join(t.testdir(), 'data');
  await mkdir(dataDir, { mode: 0o700 });
  const env = {
    COMMBOX_API_URL: simulator.url,
    COMMBOX_API_KEY: 'a-key-of-commbox',
    GATEWAY_API_KEY: 'a-key-of-a-caller-that-is-long-enough',
    DATA_DIR: dataDir,
  };
  return { dataDir, env };
}

t.test('a gateway that cannot listen says so and ends', async (t) => {
  const { env } = await placeOf(t);
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  t.teardown(() => other.close());
  const { port } = other.address() as { port: number };
  for (const variable of ['PORT', 'METRICS_PORT']) {
    const gateway = startGatewayProcess(t, { env: { PORT: '0', ...env, HOST: '127.0.0.1', [variable]: String(port) } });
    t.strictSame(await gateway.ended, { code: 1, signal: null }, variable);
    t.match(gateway.errors(), `cannot listen at 127.0.0.1:${port} (HOST, ${variable}): another process listens there`);
  }
});

/** Whether the process does something of its own with SIGHUP (`SigCgt` of proc(5), whose first bit it is). */
async function catchesHangup(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return (Number.parseInt(/^SigCgt:\s*[\da-f]*([\da-f])$/m.exec(status)?.[1] ?? '0', 16) & 1) === 1;
}

t.test('a SIGHUP while it starts does not end it', async (t) => {
  const { env, dataDir } = await placeOf(t);
  const lock = await lockDataDir({ directory: dataDir, clock: systemClock, waitMs: 0 });
  const gateway = startGatewayProcess(t, { env: { PORT: '0', ...env } });
  await until(() => catchesHangup(gateway.pid));
  gateway.signal('SIGHUP');
  lock.release();
  t.ok((await gateway.listening) > 0);
});
