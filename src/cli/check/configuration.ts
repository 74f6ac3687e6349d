import { isLoopback } from '../../config/commbox-url.ts';
import type { Config } from '../../config/config.ts';
import type { ConfigError } from '../../config/problems.ts';
import { type Check, failed, ok, warning } from './check.ts';

/** What a configuration that can be used comes to, and what in it deserves a look. */
export function checkConfiguration(config: Config): Check[] {
  const { directory, accounts } = config;
  const counts = [
    counted(directory.callers.length, 'caller'),
    counted(directory.streams.length, 'stream'),
    counted(accounts.length, 'account'),
  ];
  const checks = [ok('configuration', counts.join(', '))];
  if (directory.anonymous !== null) {
    checks.push(warning('authentication', 'off (GATEWAY_AUTH): whoever reaches the port may send'));
  }
  if (directory.streams.length === 0) {
    checks.push(warning('streams', 'none is configured: every request has to name a CommBox id'));
  }
  for (const { name, url } of accounts) {
    if (url.protocol !== 'https:' && !isLoopback(url.hostname)) {
      checks.push(warning(`account ${name}`, `the key travels unencrypted to ${url.host} (COMMBOX_ALLOW_HTTP)`));
    }
  }
  return checks;
}

/** Every problem of a configuration that cannot be used. */
export function configurationProblems(error: ConfigError): Check[] {
  return error.problems.map(({ name, message }) => failed('configuration', `${name}: ${message}`));
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
