import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { misreadArguments, UsageError } from '../usage.ts';

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

/** What every command that talks to a gateway takes. */
const common = { url: text, json: flag } as const;

export const COMMON_USAGE = [
  '  --url <url>         the gateway (http://127.0.0.1:3000, or the port of PORT)',
  "  --json              print the gateway's answer as it came",
  '',
  'The key comes from GATEWAY_API_KEY, or from the file that GATEWAY_API_KEY_FILE names.',
];

/** The filters of `GET /v1/messages`, under the same names. */
export const filterOptions = {
  status: text,
  channel: text,
  stream: text,
  reference: text,
  caller: text,
  from: text,
  to: text,
} as const;

export const FILTER_USAGE = [
  '  --status <states>   queued, sending, sent, failed, unknown, canceled, expired; several between commas',
  '  --channel <name>    email, sms, whatsapp, chat or raw',
  '  --stream <alias>    an alias; a CommBox id only where it has none',
  '  --reference <text>  exactly this reference',
  "  --caller <name>     another caller's messages, for an admin",
  '  --from, --to <at>   created in this time, RFC 3339: 2026-11-22T13:00:00Z',
];

/** Reads options and positional arguments. @throws UsageError */
export function readOptions<const O extends ParseArgsOptionsConfig>(args: readonly string[], own: O) {
  try {
    return parseArgs({ args: [...args], options: { ...own, ...common }, allowPositionals: true });
  } catch (error) {
    throw misreadArguments(error);
  }
}

/** The filters among the options that were given. */
export function filtersOf(values: Readonly<Record<string, unknown>>): Record<string, string> {
  const given = Object.keys(filterOptions).flatMap((name) => {
    const value = values[name];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  return Object.fromEntries(given);
}

/** The one message that the arguments name. @throws UsageError */
export function oneId(positionals: readonly string[]): string {
  const [id, ...others] = positionals;
  if (id === undefined) throw new UsageError('Expected the id of a message');
  if (others.length > 0) throw new UsageError(`Unexpected argument: ${others[0]}`);
  // What is no id must not become part of another path.
  if (!/^msg_\w+$/.test(id)) throw new UsageError('A message id starts with msg_ and goes on in letters and digits');
  return id;
}
