import { ConfigError } from '../config/problems.ts';
import { StartError } from '../kernel/start-error.ts';
import type { Command } from './command.ts';
import { UsageError } from './usage.ts';

interface Entry {
  readonly summary: string;
  load(): Promise<Command>;
}

// Loaded on demand, so that `keys new` does not wait for the server's code.
const entries: Record<string, Entry> = {
  serve: {
    summary: 'run the gateway, configured by environment variables and gateway.yaml',
    load: async () => (await import('./serve.ts')).serveCommand,
  },
  sandbox: {
    summary: 'run the gateway with a simulated CommBox, nothing to configure',
    load: async () => (await import('./sandbox.ts')).sandboxCommand,
  },
  demo: {
    summary: 'send a message through every channel of a sandbox and show what happens',
    load: async () => (await import('./demo.ts')).demoCommand,
  },
  simulator: {
    summary: 'run the simulated CommBox alone',
    load: async () => (await import('./simulator.ts')).simulatorCommand,
  },
  check: {
    summary: 'try everything that serve needs: configuration, store, CommBox and its keys',
    load: async () => (await import('./check.ts')).checkCommand,
  },
  messages: {
    summary: 'look after the messages of a running gateway: messages list, show, cancel, resend, …',
    load: async () => (await import('./messages.ts')).messagesCommand,
  },
  keys: {
    summary: 'make a key for a caller: keys new <caller>',
    load: async () => (await import('./keys.ts')).keysCommand,
  },
};

/** Runs the command that the arguments name. 0 = done, 1 = failed or badly configured, 2 = misused. */
export async function runCommand(argv: readonly string[]): Promise<number> {
  // `help serve` is what `serve --help` is.
  const [name, ...given] = argv[0] === 'help' && argv.length > 1 ? [...argv.slice(1), '--help'] : argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    console.log(overview());
    return name === undefined ? 2 : 0;
  }
  if (name === '--version' || name === '-v') {
    console.log((await import('../observability/version.ts')).gatewayVersion());
    return 0;
  }
  const entry = Object.hasOwn(entries, name) ? entries[name] : undefined;
  if (entry === undefined) {
    console.error(`There is no command "${name}".\n\n${overview()}`);
    return 2;
  }
  const { command, args } = narrow(await entry.load(), given);
  if (args.includes('--help') || args.includes('-h')) {
    console.log(command.usage);
    return 0;
  }
  try {
    return await command.run(args);
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\n\n${command.usage}`);
      return 2;
    }
    if (error instanceof ConfigError || error instanceof StartError) {
      console.error(error.message);
      return 1;
    }
    throw error;
  }
}

/** The subcommand that the arguments go on to name, else the command itself. */
function narrow(command: Command, args: readonly string[]): { command: Command; args: readonly string[] } {
  const [first = '', ...rest] = args;
  const subcommand = Object.entries(command.subcommands ?? {}).find(([name]) => name === first)?.[1];
  return subcommand === undefined ? { command, args } : narrow(subcommand, rest);
}

function overview(): string {
  const width = Math.max(...Object.keys(entries).map((name) => name.length));
  const lines = Object.entries(entries).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    'Usage: commbox-gateway <command> [options]',
    '',
    ...lines,
    '',
    'commbox-gateway <command> --help tells more, --version which one this is.',
  ].join('\n');
}
