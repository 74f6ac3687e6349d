import { DEFAULT_ACCOUNT } from '../access/caller.ts';
import { type AccountConfig, type AccountEntry, openAccounts } from './accounts.ts';
import type { Config, ConfigFile } from './config.ts';
import { readDirectory } from './load-directory.ts';
import { createProblems, type Problems } from './problems.ts';
import { failureCode } from './source.ts';

type ConfigPlace = Pick<ConfigFile, 'path' | 'required' | 'readFile'>;

/** What the YAML file decides. */
export type Reloadable = Pick<Config, 'directory' | 'accounts'>;

/**
 * The text of the YAML file; null if there is none and none is required.
 *
 * @throws ConfigError if it cannot be read.
 */
export async function readConfigFile(file: ConfigPlace): Promise<string | null> {
  const problems = createProblems();
  const text = await readConfigText(file, problems);
  problems.throwIfAny();
  return text;
}

/** As `readConfigFile`, adding to problems found elsewhere. */
export async function readConfigText(file: ConfigPlace, problems: Problems): Promise<string | null> {
  try {
    return await file.readFile(file.path);
  } catch (error) {
    const code = failureCode(error);
    if (code !== 'ENOENT' || file.required) {
      problems.add('GATEWAY_CONFIG', `cannot read the file ${file.path} (${code}); allowed: a readable YAML file`);
    }
    return null;
  }
}

/**
 * Judges a text of the YAML file under the environment of the start, and opens the key files of accounts that are new
 * or changed. An account whose entry is the same stays the same object, so its key files need not be readable now.
 *
 * @throws ConfigError with every problem; the running configuration is not touched either way.
 */
export async function reloadDirectory(
  text: string,
  file: ConfigPlace & Pick<ConfigFile, 'environment'>,
  running: readonly AccountConfig[],
): Promise<Reloadable> {
  const problems = createProblems();
  const { directory, accounts } = readDirectory(text, file.environment, problems);
  const known = (entry: AccountEntry) => running.find((account) => isSameAccount(account, entry));
  const fresh = accounts.filter((entry) => known(entry) === undefined);
  const opened = await openAccounts(fresh, file.readFile, problems);
  problems.throwIfAny();
  const all = accounts.map((entry) => known(entry) ?? opened.find(({ name }) => name === entry.name));
  return {
    directory,
    accounts: [
      ...running.filter(({ name }) => name === DEFAULT_ACCOUNT),
      ...all.filter((account) => account !== undefined),
    ],
  };
}

function isSameAccount(account: AccountConfig, entry: AccountEntry): boolean {
  return (
    account.name === entry.name &&
    account.url.href === entry.url.href &&
    account.key.file === entry.keyFile &&
    (account.nextKey?.file ?? null) === entry.nextKeyFile &&
    account.rate === entry.rate &&
    account.concurrency === entry.concurrency
  );
}
