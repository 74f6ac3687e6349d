import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPage } from '../docs/page.ts';
import { call } from '../http/call.ts';

/** The nginx of this machine with the configuration that is shipped, but for addresses and places. */
export interface Nginx {
  readonly port: number;
  /** What it complained of so far. */
  errors(): string;
}

interface Teardown {
  teardown(task: () => Promise<void> | void): void;
}

/** As Compose's health check does: some requests at once, so that each gateway gets one. */
const POLL_MS = 1_000;
const POLLS = 4;

/**
 * Starts nginx in front of gateways at these ports of this machine, and asks for its readiness again and again. It ends
 * with the test.
 */
export async function startNginx(t: Teardown, gateways: readonly [number, number]): Promise<Nginx> {
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), 'gateway-nginx-'));
  // Started by root, its worker processes run as somebody else.
  await chmod(directory, 0o755);
  const file = join(directory, 'nginx.conf');
  await writeFile(file, configuration(directory, port, gateways));
  const nginx = spawn('nginx', ['-e', 'stderr', '-c', file, '-g', 'daemon off;'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  nginx.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const ended = once(nginx, 'close');
  const ask = () => call(port, { method: 'GET', path: '/readyz' }).catch(() => undefined);
  const poll = setInterval(() => {
    for (let count = 0; count < POLLS; count++) void ask();
  }, POLL_MS);
  t.teardown(async () => {
    clearInterval(poll);
    nginx.kill('SIGTERM');
    await ended;
    await rm(directory, { recursive: true, force: true });
  });
  return { port, errors: () => errors };
}

function configuration(directory: string, port: number, gateways: readonly [number, number]): string {
  const [first, second] = gateways;
  return readPage('deploy/nginx/nginx.conf')
    .replace(/server \S+:3000/, `server 127.0.0.1:${first}`)
    .replace(/server \S+:3000/, `server 127.0.0.1:${second}`)
    .replace('listen 8080', `listen 127.0.0.1:${port}`)
    .replaceAll('/tmp/', `${directory}/`);
}

/** A port of this machine that nothing listens at. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
