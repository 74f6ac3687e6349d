import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { nodeEnv } from '../support/node-env.ts';

/** A command of the gateway in a process of its own, and every byte that it writes. */
export interface Program {
  readonly pid: number;
  /** Standard output and error output so far, in the order in which they came. */
  output(): string;
  /** Resolves when the output holds this text; rejects if the program ends before. */
  wrote(text: string): Promise<void>;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
}

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

/** Starts `commbox-gateway` with these arguments and nothing else in its environment. It ends with the test. */
export function startProgram(t: Test, args: readonly string[], env: Readonly<Record<string, string>>): Program {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: tmpdir(),
    env: { ...nodeEnv, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const pieces: Buffer[] = [];
  const output = () => Buffer.concat(pieces).toString('utf8');
  let heard = () => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (piece: Buffer) => {
      pieces.push(piece);
      heard();
    });
  }
  const ended = once(child, 'close').then(([code]) => code as number | null);
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    pid: child.pid ?? 0,
    output,
    ended,
    wrote: (text) =>
      new Promise((resolve, reject) => {
        heard = () => {
          if (output().includes(text)) resolve();
        };
        heard();
        ended.then(() => reject(new Error(`it ended without "${text}": ${output()}`)));
      }),
  };
}
