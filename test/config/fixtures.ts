import { hash } from 'node:crypto';
import { resolve } from 'node:path';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { ConfigError, type Problem } from '../../src/config/problems.ts';

export const CWD = '/srv/gateway';
export const GATEWAY_KEY = 'a-gateway-key-of-32-characters!!';
/** The least that a gateway needs. */
export const MINIMUM = { COMMBOX_API_KEY: 'commbox-secret', GATEWAY_API_KEY: GATEWAY_KEY };

export const keyHash = (key: string) => `sha256:${hash('sha256', key)}`;

/** A disk of texts by path, relative to the working directory. Its texts can be replaced between reads. */
export function disk(files: Record<string, string | { readonly code: string }>) {
  return async (path: string): Promise<string> => {
    const name = Object.keys(files).find((candidate) => resolve(CWD, candidate) === path);
    const content = name === undefined ? { code: 'ENOENT' } : files[name];
    if (typeof content === 'string') return content;
    throw Object.assign(new Error(`${path}: ${content?.code}`), content);
  };
}

export function load(env: Record<string, string>, files: Parameters<typeof disk>[0] = {}): Promise<Config> {
  return loadConfig({ env, cwd: CWD, readFile: disk(files) });
}

/** A configuration whose YAML file is this text. */
export function loadYaml(yaml: string, env: Record<string, string> = {}): Promise<Config> {
  return load({ ...MINIMUM, ...env }, { 'gateway.yaml': yaml });
}

/** The problems that loading ends with; none if it does not fail. */
export async function problemsOf(loading: Promise<unknown>): Promise<readonly Problem[]> {
  try {
    await loading;
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

/** The names of the problems, sorted. */
export async function namesOf(loading: Promise<unknown>): Promise<string[]> {
  return (await problemsOf(loading)).map(({ name }) => name).sort();
}
