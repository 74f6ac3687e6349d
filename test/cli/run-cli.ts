import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { nodeEnv } from '../support/node-env.ts';

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  /** The whole environment, but for what a process needs to be found and started. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** In every secret of these tests; whatever prints it has printed one. */
export const CANARY = 'canary-4f1d';

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

/** Runs the command line as an operator does, in a process of its own, and holds its output against the canary. */
export async function runCli(t: Test, args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { env = {}, cwd = tmpdir() } = options;
  const result = await new Promise<CliResult>((resolve) => {
    const child = execFile(
      process.execPath,
      [CLI, ...args],
      { cwd, env: { ...nodeEnv, ...env }, timeout: 120_000 },
      (_, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
  t.notMatch(result.stdout + result.stderr, CANARY, `${args.join(' ')} shows no secret`);
  return result;
}

/** The columns of a table under its first line: where each begins, it begins in every line, after two spaces. */
export function columnsOf(t: Test, lines: readonly string[], heads: readonly string[]): string[][] {
  const [head = ''] = lines;
  const starts = heads.map((name) => head.indexOf(name));
  for (const line of lines) {
    for (const start of starts.slice(1)) t.match(line.slice(start - 2, start + 1), /^ {2}\S$/, `aligned: ${line}`);
  }
  return lines.map((line) => starts.map((start, i) => line.slice(start, starts[i + 1]).trim()));
}
