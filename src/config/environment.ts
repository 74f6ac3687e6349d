import { resolve } from 'node:path';
import type { Problems } from './problems.ts';
import { fixedSecret, openSecretFile, type Secret } from './secret.ts';
import { type ConfigSource, textOf } from './source.ts';
import type { Variable } from './variable.ts';
import { type SecretName, type Values, variables } from './variables.ts';

/** The secrets of the environment; null for those that are not set. */
export type Secrets = Readonly<Record<SecretName, Secret | null>>;

/**
 * The plain variables. One that is not allowed becomes a problem and stands at its default, so that the rest can
 * still be judged.
 */
export function readValues(env: ConfigSource['env'], problems: Problems): Values {
  const values: Record<string, unknown> = {};
  for (const [name, variable] of entriesOf(false)) {
    const text = textIn(env, name, variable);
    const value = text === undefined ? undefined : variable.parse(text);
    if (text !== undefined && value === undefined) problems.add(name, `is not allowed; allowed: ${variable.allowed}`);
    values[name] = value ?? (variable.default === null ? null : variable.parse(variable.default));
  }
  return values as Values;
}

/** The secrets, each from `NAME` or from the file that `NAME_FILE` names. */
export async function readSecrets(source: ConfigSource, problems: Problems): Promise<Secrets> {
  const secrets: Record<string, Secret | null> = {};
  for (const [name, variable] of entriesOf(true)) secrets[name] = await readSecret(source, name, variable, problems);
  return secrets as Secrets;
}

async function readSecret(
  source: ConfigSource,
  name: string,
  variable: Variable,
  problems: Problems,
): Promise<Secret | null> {
  const { allowed } = variable;
  const text = textIn(source.env, name, variable);
  const file = textOf(source.env, `${name}_FILE`);
  const accepts = (candidate: string) => variable.parse(candidate) !== undefined;

  if (text !== undefined && file !== undefined) {
    problems.add(name, `is set, and so is ${name}_FILE; allowed: one of the two`);
    return null;
  }
  if (file !== undefined) {
    const { readFile } = source;
    const opened = await openSecretFile(resolve(source.cwd, file), { readFile, accepts, allowed });
    if ('secret' in opened) return opened.secret;
    problems.add(`${name}_FILE`, opened.problem);
    return null;
  }
  if (text === undefined) {
    if (variable.required) problems.add(name, `is required, here or as a file by ${name}_FILE; allowed: ${allowed}`);
    return null;
  }
  if (accepts(text)) return fixedSecret(text);
  problems.add(name, `is not allowed; allowed: ${allowed}`);
  return null;
}

function textIn(env: ConfigSource['env'], name: string, variable: Variable): string | undefined {
  return textOf(env, name) ?? (variable.lowerCaseToo ? textOf(env, name.toLowerCase()) : undefined);
}

function entriesOf(secret: boolean): [string, Variable][] {
  return Object.entries<Variable>(variables).filter(([, variable]) => variable.secret === secret);
}
