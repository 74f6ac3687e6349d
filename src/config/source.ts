/** Where a configuration is read from. Handed in, so that loading touches neither `process` nor the disk by itself. */
export interface ConfigSource {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute directory that relative paths of the environment start from. */
  readonly cwd: string;
  /** The UTF-8 text of a file; rejects as `fs.promises.readFile` does, with `code` set. */
  readonly readFile: (path: string) => Promise<string>;
}

/** The variable's text. An empty one counts as unset, because Compose and Helm pass `X=` for what nobody set. */
export function textOf(env: ConfigSource['env'], name: string): string | undefined {
  const text = env[name];
  return text === '' ? undefined : text;
}

/** The system's code for why a file cannot be read, such as `ENOENT`. */
export function failureCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unreadable';
}
