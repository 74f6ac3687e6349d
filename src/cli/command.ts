/** A subcommand. Resolves with the exit code, once there is nothing more to do. */
export interface Command {
  readonly usage: string;
  run(args: readonly string[]): Promise<number>;
}
