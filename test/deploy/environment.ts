import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import type { Variable } from '../../src/config/variable.ts';
import { variables } from '../../src/config/variables.ts';

type Environment = Readonly<Record<string, string>>;

/** The names in an environment that the gateway does not know. */
export function unknownNames(env: Environment): string[] {
  const known = new Set(
    Object.entries<Variable>(variables).flatMap(([name, { secret }]) => (secret ? [name, `${name}_FILE`] : [name])),
  );
  return Object.keys(env).filter((name) => !known.has(name));
}

/** What a gateway makes of an environment and these files; rejects with what it would refuse to start for. */
export function loadEnvironment(env: Environment, files: ReadonlyMap<string, string> = new Map()): Promise<Config> {
  return loadConfig({
    env,
    cwd: '/app',
    readFile: async (path) => {
      const text = files.get(path);
      if (text !== undefined) return text;
      throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    },
  });
}
