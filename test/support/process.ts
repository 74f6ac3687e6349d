import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createLogCapture, type LogCapture } from './log-capture.ts';
import { nodeEnv } from './node-env.ts';

/** How a process ended: with a code, or by a signal. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A gateway as an operator runs it: `node src/cli.ts serve` in a process of its own. */
export interface GatewayProcess {
  readonly pid: number;
  /** Resolves with the port once it listens; rejects, with what it wrote to its error output, if it ends before. */
  readonly listening: Promise<number>;
  /** Resolves when it has ended and all that it wrote has been read. */
  readonly ended: Promise<Exit>;
  readonly log: LogCapture;
  /** Its error output so far. */
  errors(): string;
  signal(name: NodeJS.Signals): void;
}

export interface GatewayProcessOptions {
  /** The whole environment, but for what a process needs to be found and started. */
  readonly env: Readonly<Record<string, string>>;
  /** A command that runs the one after it, e.g. under a limit. */
  readonly wrapper?: readonly string[];
}

interface Teardown {
  teardown(task: () => Promise<void>): void;
}

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

/** Starts a gateway. It is killed with the test, if it still runs then. */
export function startGatewayProcess(t: Teardown, options: GatewayProcessOptions): GatewayProcess {
  const { env, wrapper = [] } = options;
  const [command = process.execPath, ...args] = [...wrapper, process.execPath, CLI, 'serve'];
  const child = spawn(command, args, {
    env: { ...nodeEnv, NODE_NO_WARNINGS: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = createLogCapture();
  let errors = '';
  // A line that was cut by a kill is none.
  createInterface(child.stdout).on('line', (line) => {
    if (line.startsWith('{') && line.endsWith('}')) log.write(`${line}\n`);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const ended = endOf(child);
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const listening = Promise.race([
    log.line({ msg: 'listening' }).then(({ url }) => Number(new URL(String(url)).port)),
    ended.then(({ code, signal }) => {
      throw new Error(`the gateway ended before it listened (${code ?? signal}): ${errors}`);
    }),
  ]);
  listening.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    listening,
    ended,
    log,
    errors: () => errors,
    signal: (name) => void child.kill(name),
  };
}

async function endOf(child: ChildProcess): Promise<Exit> {
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal };
}
