import type { LogLine } from './log-capture.ts';
import { type GatewayProcess, type GatewayProcessOptions, startGatewayProcess } from './process.ts';

/** A place where gateway processes run one after the other, on the same data. */
export interface Node {
  /** The port of the process that runs here, or of the next one that does. */
  port(): Promise<number>;
  isUp(): boolean;
  /** Starts a process; the one before must have ended. */
  start(): GatewayProcess;
  /** The process that was started last. */
  current(): GatewayProcess;
  /** What all processes that ran here logged of attempts, but for those that sent a message at once. */
  attempts(): readonly LogLine[];
  /** Kills the process and resolves when the system has cleared it away. */
  kill(): Promise<void>;
}

interface Teardown {
  teardown(task: () => Promise<void>): void;
}

export function createNode(t: Teardown, options: GatewayProcessOptions): Node {
  let running: GatewayProcess | null = null;
  let up = Promise.withResolvers<number>();
  let isUp = false;

  const past: LogLine[] = [];
  const attemptsOf = ({ log }: GatewayProcess) => log.lines({ msg: 'attempt' });

  const takeDown = () => {
    if (isUp) up = Promise.withResolvers<number>();
    isUp = false;
  };
  const current = () => {
    if (running === null) throw new Error('nothing was started here');
    return running;
  };

  return {
    port: () => up.promise,
    isUp: () => isUp,
    start() {
      if (running !== null) past.push(...attemptsOf(running));
      const started = startGatewayProcess(t, options);
      running = started;
      started.listening.then(
        (port) => {
          if (running !== started) return;
          isUp = true;
          up.resolve(port);
        },
        () => undefined,
      );
      started.ended.then(takeDown);
      return started;
    },
    current,
    attempts: () => [...past, ...(running === null ? [] : attemptsOf(running))],
    async kill() {
      takeDown();
      current().signal('SIGKILL');
      await current().ended;
    },
  };
}

/** Gateways as a load balancer sees them: any that is up, or else the first that will be. */
export async function anyPort(nodes: readonly Node[]): Promise<number> {
  const up = nodes.filter((node) => node.isUp());
  const chosen = up[Math.floor(Math.random() * up.length)];
  return chosen === undefined ? Promise.race(nodes.map((node) => node.port())) : chosen.port();
}
