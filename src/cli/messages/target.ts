import { resolve } from 'node:path';
import { HEADER_SAFE_RULE, isHeaderSafe } from '../../config/parsers.ts';
import { ConfigError } from '../../config/problems.ts';
import { openSecretFile } from '../../config/secret.ts';
import { type ConfigSource, textOf } from '../../config/source.ts';
import { UsageError } from '../usage.ts';

const DEFAULT_PORT = '3000';

/** The gateway that a command talks to. */
export interface Target {
  /** Without a slash at its end. */
  readonly url: string;
  /** Null where none is set: with `GATEWAY_AUTH=off` none is needed. */
  readonly key: string | null;
}

/**
 * Where the gateway is, from `--url` or `PORT`, and the key, from `GATEWAY_API_KEY` or its file.
 *
 * @throws UsageError for a URL that cannot be used; ConfigError for a key that cannot. Neither shows what was given.
 */
export async function findTarget(source: ConfigSource, url: string | undefined): Promise<Target> {
  return { url: readUrl(url, textOf(source.env, 'PORT')), key: await readKey(source) };
}

function readUrl(given: string | undefined, port = DEFAULT_PORT): string {
  if (given === undefined) {
    if (/^[1-9]\d{0,4}$/.test(port)) return `http://127.0.0.1:${port}`;
    throw new UsageError('PORT names no port to connect to: give --url');
  }
  const url = /^https?:\/\/[^\s?#@\\]+$/.test(given) ? URL.parse(given) : null;
  if (url === null) throw new UsageError('--url must be an http: or https: URL without credentials, query or fragment');
  return url.href.replace(/\/+$/, '');
}

async function readKey({ env, cwd, readFile }: ConfigSource): Promise<string | null> {
  const text = textOf(env, 'GATEWAY_API_KEY');
  const file = textOf(env, 'GATEWAY_API_KEY_FILE');
  if (text !== undefined && file !== undefined) {
    throw problem('GATEWAY_API_KEY', 'is set, and so is GATEWAY_API_KEY_FILE; allowed: one of the two');
  }
  if (file === undefined) {
    if (text === undefined || isHeaderSafe(text)) return text ?? null;
    throw problem('GATEWAY_API_KEY', `is not allowed; allowed: ${HEADER_SAFE_RULE}`);
  }
  const rule = { readFile, accepts: isHeaderSafe, allowed: HEADER_SAFE_RULE };
  const opened = await openSecretFile(resolve(cwd, file), rule);
  if ('secret' in opened) return opened.secret.value();
  throw problem('GATEWAY_API_KEY_FILE', opened.problem);
}

function problem(name: string, message: string): ConfigError {
  return new ConfigError([{ name, message }]);
}
