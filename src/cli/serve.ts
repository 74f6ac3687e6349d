import { readFile } from 'node:fs/promises';
import { loadConfig } from '../config/load-config.ts';
import { systemClock } from '../kernel/clock.ts';
import { createLog } from '../observability/log.ts';
import { createServices } from '../services.ts';
import type { Command } from './command.ts';
import { runUntilSignal } from './signals.ts';
import { requireNoArguments } from './usage.ts';

/** A rolling restart: load balancers get 5 s to notice, calls in flight end within 25 s. */
const PHASES = { lingerMs: 5_000, cutMs: 25_000 };
// Docker Compose and Kubernetes are told 30 s here, and kill then. A database that says nothing could last longer, and
// what it was not told is `unknown` at the next start either way.
const LEAVE_AFTER_MS = 29_000;

export const serveCommand: Command = {
  usage: [
    'Usage: commbox-gateway serve',
    '',
    'Runs the gateway. It is configured by environment variables (see .env.example) and, if it exists, gateway.yaml.',
    'Node reads a file of variables with: node --env-file=.env src/cli.ts serve',
  ].join('\n'),
  async run(args) {
    requireNoArguments(args);
    // Everything the gateway writes is for its own user alone: the spool holds customers' files.
    process.umask(0o077);
    const config = await loadConfig({
      env: process.env,
      cwd: process.cwd(),
      readFile: (path) => readFile(path, 'utf8'),
    });
    const log = createLog({ level: config.logLevel });
    const services = await createServices(config, { clock: systemClock, log });
    const url = await services.listen().catch(async (error: unknown) => {
      // Without a listener nobody would see that it goes on sending.
      await services.close();
      log.flush();
      throw error;
    });
    log.info({ url, accounts: config.accounts.length, streams: config.directory.streams.length }, 'listening');
    return runUntilSignal({
      log,
      close: () => services.close(PHASES),
      leaveAfterMs: LEAVE_AFTER_MS,
      reload: services.reload,
    });
  },
};
