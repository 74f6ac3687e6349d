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

t.test('HTTP_PROXY is for others: whatever it holds, the gateway starts and does not show it', async (t) => {
  const { env } = await placeOf(t);
  const tunnel = { COMMBOX_API_URL: 'https://commbox.invalid', HTTPS_PROXY: 'http://127.0.0.1:9' };
  for (const proxy of ['//user:pass-of-the-proxy@proxy:3128', 'proxy:3128', 'http://user:pass-of-the-proxy%@proxy']) {
    const gateway = startGatewayProcess(t, { env: { PORT: '0', ...env, ...tunnel, HTTP_PROXY: proxy } });
    t.ok((await gateway.listening) > 0, proxy);
    gateway.signal('SIGTERM');
    t.match(await gateway.ended, { code: 0 });
    t.notMatch(gateway.errors(), 'pass-of-the-proxy');
  }
});

t.test('a spool that others can read is a readable error, and the directory is free afterwards', async (t) => {
  const { env, dataDir } = await placeOf(t);
  const spool = join(dataDir, 'spool');
  await mkdir(spool, { mode: 0o755 });
  const gateway = startGatewayProcess(t, { env: { PORT: '0', ...env } });
  t.strictSame(await gateway.ended, { code: 1, signal: null });
  t.match(gateway.errors(), `the attachment spool ${spool} cannot be used: the directory ${spool} is open to others`);
  t.notMatch(gateway.errors(), /^ +at /m, 'no stack');
  const lock = await lockDataDir({ directory: dataDir, clock: systemClock, waitMs: 0 });
  lock.release();
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
