import { resolve } from 'node:path';
import Type from 'typebox';
import { DEFAULT_ACCOUNT } from '../access/caller.ts';
import { pointerTo } from '../kernel/pointer.ts';
import { COMMBOX_URL_RULE, parseCommboxUrl } from './commbox-url.ts';
import type { EntryReader, Section } from './gateway-file.ts';
import { isName, NAME_RULE } from './names.ts';
import { HEADER_SAFE_RULE, isHeaderSafe } from './parsers.ts';
import { type Problems, pathOf } from './problems.ts';
import { openSecretFile, type Secret } from './secret.ts';
import type { ConfigSource } from './source.ts';

/** A further account as the YAML file states it; its keys are still on disk. */
export interface AccountEntry {
  readonly name: string;
  readonly url: URL;
  /** Absolute paths. */
  readonly keyFile: string;
  readonly nextKeyFile: string | null;
  readonly rate: number | null;
  readonly concurrency: number;
}

/** One CommBox account, ready for use. */
export interface AccountConfig {
  readonly name: string;
  readonly url: URL;
  /** The keys of this moment: ask at every attempt, since a changed file replaces them. */
  keys(): { readonly current: string; readonly next: string | null };
  readonly key: Secret;
  readonly nextKey: Secret | null;
  /** Messages per second, if known; null = learned. */
  readonly rate: number | null;
  /** Attempts in flight. */
  readonly concurrency: number;
}

/** What holds for an account that does not say otherwise. */
export interface AccountDefaults {
  readonly url: URL;
  readonly allowHttp: boolean;
  readonly rate: number | null;
  readonly concurrency: number;
  /** Directory that relative key files start from: that of the YAML file. */
  readonly directory: string;
}

const path = Type.String({ minLength: 1 });
const accountSchema = Type.Object(
  {
    url: Type.Optional(Type.String()),
    keyFile: path,
    nextKeyFile: Type.Optional(path),
    rate: Type.Optional(Type.Number({ minimum: 0.01, maximum: 100_000 })),
    concurrency: Type.Optional(Type.Integer({ minimum: 1, maximum: 1024 })),
  },
  { additionalProperties: false },
);

/** The accounts of the YAML file, as far as their keys can be read. Usable only if no problem was added. */
export function readAccounts(
  section: Section,
  defaults: AccountDefaults,
  reader: EntryReader,
  problems: Problems,
): AccountEntry[] {
  const accounts: AccountEntry[] = [];
  for (const [name, entry] of section) {
    const at = pathOf('accounts', pointerTo('', name));
    if (!isName(name)) problems.add(at, `is not a usable name; allowed: ${NAME_RULE}`);
    if (name === DEFAULT_ACCOUNT) problems.add(at, 'is reserved for the account of COMMBOX_API_KEY; use another name');
    const { url, keyFile, nextKeyFile, rate, concurrency } = reader.read(accountSchema, entry, at).fields;
    const base = url === undefined ? defaults.url : parseCommboxUrl(url, defaults.allowHttp);
    if (base === null) problems.add(`${at}.url`, `is not allowed; allowed: ${COMMBOX_URL_RULE}`);
    if (keyFile === undefined) continue;
    accounts.push({
      name,
      url: base ?? defaults.url,
      keyFile: resolve(defaults.directory, keyFile),
      nextKeyFile: nextKeyFile === undefined ? null : resolve(defaults.directory, nextKeyFile),
      rate: rate ?? defaults.rate,
      concurrency: concurrency ?? defaults.concurrency,
    });
  }
  return accounts;
}

/** Reads the key files of accounts. A file that cannot be used is a problem, and its account is left out. */
export async function openAccounts(
  entries: readonly AccountEntry[],
  readFile: ConfigSource['readFile'],
  problems: Problems,
): Promise<AccountConfig[]> {
  const rule = { readFile, accepts: isHeaderSafe, allowed: HEADER_SAFE_RULE };
  const open = async (at: string, file: string): Promise<Secret | null> => {
    const opened = await openSecretFile(file, rule);
    if ('secret' in opened) return opened.secret;
    problems.add(at, opened.problem);
    return null;
  };

  const accounts: AccountConfig[] = [];
  for (const { name, url, keyFile, nextKeyFile, rate, concurrency } of entries) {
    const at = pathOf('accounts', pointerTo('', name));
    const key = await open(`${at}.keyFile`, keyFile);
    const nextKey = nextKeyFile === null ? null : await open(`${at}.nextKeyFile`, nextKeyFile);
    if (key !== null) accounts.push(createAccount({ name, url, key, nextKey, rate, concurrency }));
  }
  return accounts;
}

/** Puts an account's keys behind one question. */
export function createAccount(parts: Omit<AccountConfig, 'keys'>): AccountConfig {
  const { key, nextKey } = parts;
  return { ...parts, keys: () => ({ current: key.value(), next: nextKey?.value() ?? null }) };
}
