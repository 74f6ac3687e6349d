/** The command line was not understood. The message says what is allowed. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Refuses arguments where a command takes none. @throws UsageError */
export function requireNoArguments(args: readonly string[]): void {
  if (args.length > 0) throw new UsageError(`Unexpected argument: ${args[0]}`);
}

/** What `parseArgs` of node:util says of arguments it does not take, without its advice about escaping them. */
export function misreadArguments(error: unknown): UsageError {
  const [first = ''] = (error instanceof Error ? error.message : String(error)).split(/\. |\n/);
  return new UsageError(first);
}
