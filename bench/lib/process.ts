import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface LaunchOptions {
  /** The script and its arguments. */
  readonly script: readonly string[];
  /** Core to stay on; null = any. */
  readonly core: number | null;
  /** The whole environment but for `PATH`: what the shell of whoever measures holds must not change the figures. */
  readonly env?: Readonly<Record<string, string>>;
  /** File descriptor that takes standard output. Default: dropped. */
  readonly stdout?: number;
  /** Opens a channel for `send` and `message`. */
  readonly ipc?: boolean;
  readonly nodeOptions?: readonly string[];
}

/** A running process. Disposing of it kills it. */
export interface Launched extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly pid: number;
}

/** Starts a script in this Node, on one core if wanted. What it writes to standard error is shown. */
export function launch({ script, core, env, stdout, ipc, nodeOptions = [] }: LaunchOptions): Launched {
  const node = [process.execPath, ...nodeOptions, ...script];
  // taskset becomes the program that it starts, so the process id is that of Node.
  const [command = '', ...args] = core === null ? node : ['taskset', '--cpu-list', String(core), ...node];
  const child = spawn(command, args, {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', stdout ?? 'ignore', 'inherit', ...(ipc === true ? (['ipc'] as const) : [])],
  });
  if (child.pid === undefined) throw new Error(`${command} cannot be started`);
  // A measurement that is broken off must not leave a busy process on the core of the next one.
  const killNow = () => child.kill('SIGKILL');
  process.once('exit', killNow);
  child.once('exit', () => process.off('exit', killNow));
  return { child, pid: child.pid, [Symbol.asyncDispose]: () => kill(child) };
}

/** Sends a message to a process that was launched with `ipc`, and resolves with the next one that it sends. */
export function ask(to: Launched, message: boolean | object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error(`process ${to.pid} has ended`));
    to.child.once('exit', onExit);
    to.child.once('message', (reply) => {
      to.child.off('exit', onExit);
      resolve(reply);
    });
    to.child.send(message);
  });
}

// Nothing that a measured process could still do is of interest, so none is given the time for it.
async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await ended(child);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

const START_WITHIN_MS = 20_000;

/** A port that nothing listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Resolves once the process accepts connections at the port. @throws if it ends instead, or takes too long. */
export async function listening({ child }: Launched, port: number): Promise<void> {
  const giveUpAt = performance.now() + START_WITHIN_MS;
  while (!(await accepts(port))) {
    const hasEnded = child.exitCode !== null || child.signalCode !== null;
    if (hasEnded || performance.now() > giveUpAt) throw new Error(`${child.spawnargs.join(' ')}: does not listen`);
    await delay(50);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
