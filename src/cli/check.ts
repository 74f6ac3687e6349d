import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { loadConfig } from '../config/load-config.ts';
import { ConfigError } from '../config/problems.ts';
import { systemClock } from '../kernel/clock.ts';
import type { Check } from './check/check.ts';
import { checkConfiguration, configurationProblems } from './check/configuration.ts';
import { checkJson, checkTable, hasPassed } from './check/report.ts';
import { runChecks } from './check/run-checks.ts';
import type { Command } from './command.ts';
import { misreadArguments } from './usage.ts';

export const checkCommand: Command = {
  usage: [
    'Usage: commbox-gateway check [--json]',
    '',
    'Tries what serve needs, with the configuration that serve would use: the configuration itself, the data directory,',
    'the store, and for each account whether CommBox is reached, accepts the keys, and when these end. Sends nothing,',
    'changes nothing, and may run beside a gateway.',
    '',
    '  --json  the same for scripts: { ok, checks: [{ status, name, detail, endsAt?, daysLeft? }] }',
    '',
    'Exit code: 0 = nothing failed (there may be warnings), 1 = something failed, 2 = misused.',
  ].join('\n'),
  async run(args) {
    const asJson = readJson(args);
    const checks = await findOut();
    console.log(asJson ? checkJson(checks) : checkTable(checks));
    return hasPassed(checks) ? 0 : 1;
  },
};

async function findOut(): Promise<readonly Check[]> {
  try {
    const config = await loadConfig({
      env: process.env,
      cwd: process.cwd(),
      readFile: (path) => readFile(path, 'utf8'),
    });
    return [...checkConfiguration(config), ...(await runChecks(config, systemClock))];
  } catch (error) {
    if (error instanceof ConfigError) return configurationProblems(error);
    throw error;
  }
}

function readJson(args: readonly string[]): boolean {
  try {
    return parseArgs({ args: [...args], options: { json: { type: 'boolean' } } }).values.json ?? false;
  } catch (error) {
    throw misreadArguments(error);
  }
}
