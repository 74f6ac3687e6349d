/** A command, or a part of one. `run` resolves with the exit code, once there is nothing more to do. */
export interface Command {
  readonly usage: string;
  /** Commands of their own behind this one's name, such as `messages list`. */
  readonly subcommands?: Readonly<Record<string, Command>>;
  run(args: readonly string[]): Promise<number>;
}
