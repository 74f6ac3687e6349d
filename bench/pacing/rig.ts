import { hash } from 'node:crypto';
import { openSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ControlPatch } from '../../src/simulator/control.ts';
import { GATEWAY_SCRIPT, gatewayEnv } from '../contenders.ts';
import { ask, freePort, type Launched, launch, listening } from '../lib/process.ts';
import { temporaryDirectory } from '../stage.ts';
import type { CommboxLog, CommboxOrder } from './commbox.ts';
import type { Load, LoadReply } from './generator.ts';
import { createGate } from './parallel.ts';
import type { Scenario } from './scenarios.ts';

/** A caller as `gateway.yaml` has it. */
export interface CallerEntry {
  readonly name: string;
  readonly weight?: number;
  readonly lane?: 'critical' | 'normal' | 'bulk';
}

export interface Commbox {
  readonly port: number;
  control(patch: ControlPatch): Promise<void>;
  /** Resolves once so many messages were granted. @throws if that takes longer than `withinMs`. */
  granted(messages: number, withinMs: number): Promise<void>;
  log(): Promise<CommboxLog>;
}

/** The processes and files of one run. Disposing of it ends all processes and removes all files. */
export interface Rig extends AsyncDisposable {
  startCommbox(scenario: Scenario, seed: number): Promise<Commbox>;
  /** A gateway with its defaults, that knows nothing about this CommBox. Resolves with its port. */
  startGateway(
    commbox: Commbox,
    callers: readonly CallerEntry[],
    env?: Readonly<Record<string, string>>,
  ): Promise<number>;
  /** Runs a load in a process of its own. @throws if a message is refused that must not be. */
  load(load: Load): Promise<(LoadReply & { readonly ok: true })['result']>;
}

export const keyOf = (caller: string): string => `bench-key-of-the-caller-${caller}`;

const SYNC_WAIT_MS = '60000';
const scriptOf = (file: string) => [fileURLToPath(new URL(file, import.meta.url))];
// A process that starts takes a core for a second; two at once would show in the other runs' figures.
const startGate = createGate(1);

export async function openRig(): Promise<Rig> {
  await using stack = new AsyncDisposableStack();
  const directory = await temporaryDirectory();
  stack.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  const running = stack.move();
  let gateways = 0;

  const start = (script: readonly string[], port: number | null, env: Record<string, string>, stdout?: number) =>
    startGate(async (): Promise<Launched> => {
      const to = stdout === undefined ? {} : { stdout };
      const launched = running.use(launch({ script, core: null, env, ipc: stdout === undefined, ...to }));
      if (port !== null) await listening(launched, port);
      return launched;
    });

  return {
    async startCommbox({ throttle, latency }, seed) {
      const port = await freePort();
      const options = { throttles: [throttle], latency, seed };
      const env = { PORT: String(port), SIMULATOR: JSON.stringify(options) };
      const process = await start(scriptOf('./commbox.ts'), port, env);
      const order = (what: CommboxOrder) => ask(process, what);
      return {
        port,
        control: async (patch) => void (await order({ kind: 'control', patch })),
        async granted(messages, withinMs) {
          const late = delay(withinMs, 'late', { ref: false });
          const outcome = await Promise.race([order({ kind: 'wait', messages }), late]);
          if (outcome === 'late') throw new Error(`${messages} messages were not granted in time`);
        },
        log: async () => (await order({ kind: 'log' })) as CommboxLog,
      };
    },
    async startGateway(commbox, callers, env = {}) {
      const port = await freePort();
      const own = join(directory, `gateway-${++gateways}`);
      const config = `${own}.yaml`;
      await mkdir(own, { mode: 0o700 });
      await writeFile(config, yamlOf(callers));
      const log = openSync(`${own}.log`, 'w', 0o600);
      const settings = gatewayEnv({ port, upstreamPort: commbox.port, directory: own });
      await start(GATEWAY_SCRIPT, port, { ...settings, GATEWAY_CONFIG: config, SYNC_WAIT_MS, ...env }, log);
      return port;
    },
    async load(load) {
      const process = await start(scriptOf('./generator.ts'), null, {});
      const reply = (await ask(process, load)) as LoadReply;
      if (!reply.ok) throw new Error(reply.reason);
      return reply.result;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function yamlOf(callers: readonly CallerEntry[]): string {
  const lines = callers.map(({ name, weight = 1, lane = 'normal' }) => {
    const key = `sha256:${hash('sha256', keyOf(name))}`;
    return `  ${name}: { keys: ["${key}"], weight: ${weight}, lane: ${lane}, admin: true }`;
  });
  return `callers:\n${lines.join('\n')}\n`;
}
