import { parseArgs } from 'node:util';
import type { Command } from './command.ts';
import { curlExamples } from './curl-examples.ts';
import { SANDBOX_STREAMS, startSandboxPair } from './sandbox-pair.ts';
import { runUntilSignal } from './signals.ts';
import { misreadArguments, UsageError } from './usage.ts';

const DEFAULT_PORT = 3000;
const DEFAULT_COMMBOX_PORT = 4010;

export const sandboxCommand: Command = {
  usage: [
    'Usage: commbox-gateway sandbox [--host <address>] [--port <number>] [--commbox-port <number>]',
    '',
    'Runs the gateway with a simulated CommBox behind it. Nothing needs configuring, and nothing real is sent.',
    '',
    '  --host <address>         where both listen (127.0.0.1, or HOST)',
    `  --port <number>          the gateway's port (${DEFAULT_PORT}, or PORT); 0 = any free one`,
    `  --commbox-port <number>  the simulated CommBox's port (${DEFAULT_COMMBOX_PORT}); 0 = any free one`,
  ].join('\n'),
  async run(args) {
    const flags = readFlags(args);
    const pair = await startSandboxPair({
      host: flags.host ?? process.env['HOST'] ?? '127.0.0.1',
      port: portOf('--port', flags.port ?? process.env['PORT'], DEFAULT_PORT),
      commboxPort: portOf('--commbox-port', flags['commbox-port'], DEFAULT_COMMBOX_PORT),
    });
    console.log(`The gateway listens at ${pair.url}, the simulated CommBox at ${pair.commboxUrl}.`);
    console.log(
      `Streams: ${Object.entries(SANDBOX_STREAMS)
        .map(([name, id]) => `${name} = ${id}`)
        .join(', ')}\n`,
    );
    console.log(curlExamples(pair.url, pair.key, pair.commboxUrl));
    return runUntilSignal({ log: pair.log, close: pair.close });
  },
};

function readFlags(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({ args: [...args], options: { host: text, port: text, 'commbox-port': text } }).values;
  } catch (error) {
    throw misreadArguments(error);
  }
}

function portOf(name: string, value: string | undefined, fallback: number): number {
  if (value === undefined || value === '') return fallback;
  const port = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN;
  if (port <= 65_535) return port;
  throw new UsageError(`${name} must be a port: 0 to 65535`);
}
