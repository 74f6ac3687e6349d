import { failureCode } from './source.ts';

/**
 * A secret and the file that it may come from. The text is reachable only through `value()`, so that an object which
 * holds the secret can be logged or serialised without it.
 */
export interface Secret {
  value(): string;
  /** Absolute path to watch; null for a secret from the environment. */
  readonly file: string | null;
  /**
   * Reads the file again. `unusable` keeps the old value: the file is missing, empty or not what the rule allows,
   * which is also what a half-written file looks like. Never rejects.
   */
  refresh(): Promise<'unchanged' | 'changed' | 'unusable'>;
  /** Why the last `refresh` could not use the file; null if it could. Never holds the content. */
  problem(): string | null;
}

/** How a secret's file is read and judged. */
export interface SecretRule {
  readonly readFile: (path: string) => Promise<string>;
  readonly accepts: (text: string) => boolean;
  /** What is allowed, for the problem's text. */
  readonly allowed: string;
}

export type OpenedSecret = { readonly secret: Secret } | { readonly problem: string };

/** A secret whose text the environment holds. */
export function fixedSecret(text: string): Secret {
  return { value: () => text, file: null, refresh: async () => 'unchanged', problem: () => null };
}

/** Reads a secret's file. The problem never holds the content. Line ends after the text are cut. */
export async function openSecretFile(file: string, rule: SecretRule): Promise<OpenedSecret> {
  const first = await readSecret(file, rule);
  if ('problem' in first) return first;
  let { text } = first;
  let problem: string | null = null;

  const secret: Secret = {
    value: () => text,
    file,
    async refresh() {
      const next = await readSecret(file, rule);
      problem = 'problem' in next ? next.problem : null;
      if ('problem' in next) return 'unusable';
      if (next.text === text) return 'unchanged';
      text = next.text;
      return 'changed';
    },
    problem: () => problem,
  };
  return { secret };
}

async function readSecret(file: string, rule: SecretRule): Promise<{ text: string } | { problem: string }> {
  let content: string;
  try {
    content = await rule.readFile(file);
  } catch (error) {
    return { problem: `cannot read ${shown(file)} (${failureCode(error)}); allowed: a readable file` };
  }
  const text = content.replace(/[\r\n]+$/, '');
  if (text === '') return { problem: `${shown(file)} is empty; allowed: ${rule.allowed}` };
  if (!rule.accepts(text)) return { problem: `the content of ${shown(file)} is not allowed; allowed: ${rule.allowed}` };
  return { text };
}

// Where a path belongs, a hasty hand puts the secret itself. Those are longer, or have capitals and other characters.
const PLAIN_PATH = /^(?:\/[a-z\d._-]{0,23})+$/;

function shown(path: string): string {
  return PLAIN_PATH.test(path) ? `the file ${path}` : 'the file that it names';
}
