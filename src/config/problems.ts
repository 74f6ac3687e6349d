/** One thing that is wrong with the configuration. */
export interface Problem {
  /** The variable, or the place in the YAML file: `callers.billing.keys[0]`. */
  readonly name: string;
  /** What is wrong and what is allowed. Never holds a value: any value may be a secret in the wrong place. */
  readonly message: string;
}

/** The configuration cannot be used. The message lists every problem, one a line, and is fit for a terminal. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    const lines = problems.map(({ name, message }) => `  ${name}: ${message}`);
    super([`The configuration has ${count}:`, ...lines].join('\n'));
    this.problems = problems;
  }
}

/** Collects problems, so that one start shows all of them. */
export interface Problems {
  add(name: string, message: string): void;
  /** Whether a problem's name starts so. */
  concerns(start: string): boolean;
  /** @throws ConfigError if anything was added. */
  throwIfAny(): void;
}

export function createProblems(): Problems {
  const found: Problem[] = [];
  return {
    add(name, message) {
      found.push({ name, message });
    },
    concerns: (start) => found.some(({ name }) => name.startsWith(start)),
    throwIfAny() {
      if (found.length > 0) throw new ConfigError(found);
    },
  };
}

/**
 * A JSON pointer (RFC 6901) below `root`, written as people write paths: `root.name[0]`. Of a member that may be a key
 * in the wrong place only the beginning is shown.
 */
export function pathOf(root: string, pointer: string): string {
  const members = pointer.split('/').slice(1);
  return members.reduce((path, raw) => {
    const member = shown(raw.replaceAll('~1', '/').replaceAll('~0', '~'));
    if (/^\d+$/.test(member)) return `${path}[${member}]`;
    if (!/^[\w-]+$/.test(member)) return `${path}[${JSON.stringify(member)}]`;
    return path === '' ? member : `${path}.${member}`;
  }, root);
}

/** Names from the configuration, as a message may list them: one that may be a key is cut short here, too. */
export function listed(names: Iterable<string>): string {
  return Array.from(names, shown).join(', ');
}

// The shortest key has 24 characters. Names of that length are words of small letters.
const LIKE_A_KEY = /^(?![a-z._-]*$).{24,}$/s;

function shown(member: string): string {
  return LIKE_A_KEY.test(member) ? `${member.slice(0, 6)}…` : member;
}
