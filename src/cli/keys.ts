import { hash, randomBytes } from 'node:crypto';
import { stringify } from 'yaml';
import { isName, NAME_RULE } from '../config/names.ts';
import { ConfigError } from '../config/problems.ts';
import type { Command } from './command.ts';
import { UsageError } from './usage.ts';

const KEY_BYTES = 32;

/**
 * Makes a key for a caller: `cbg_` and 32 random bytes in base64url. The text holds the key, which is kept nowhere,
 * and the hash that goes into the YAML file.
 *
 * @throws ConfigError for a name that no caller can have.
 */
export function keysNew(
  callerName: string,
  random: (bytes: number) => Buffer = randomBytes,
): { readonly text: string } {
  if (!isName(callerName)) {
    throw new ConfigError([{ name: 'caller', message: `is not a usable name; allowed: ${NAME_RULE}` }]);
  }
  const key = `cbg_${random(KEY_BYTES).toString('base64url')}`;
  const digest = `sha256:${hash('sha256', key)}`;
  const snippet = stringify({ callers: { [callerName]: { keys: [digest] } } });
  const text = [
    `The key of ${callerName}. It is shown this once; hand it to the service as a secret:`,
    '',
    `  ${key}`,
    '',
    'Its hash, which is all that the gateway keeps:',
    '',
    `  ${digest}`,
    '',
    'For gateway.yaml (beside an old key of the same caller while it is rotated):',
    '',
    snippet,
  ].join('\n');
  return { text };
}

export const keysCommand: Command = {
  usage: 'Usage: commbox-gateway keys new <caller>\n\nMakes a key for a caller and prints what goes into gateway.yaml.',
  async run(args) {
    const [verb, caller, ...rest] = args;
    if (verb !== 'new' || caller === undefined || rest.length > 0) throw new UsageError('Expected: keys new <caller>');
    console.log(keysNew(caller).text);
    return 0;
  },
};
