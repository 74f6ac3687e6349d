import { openSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ControlPatch } from '../../src/simulator/control.ts';
import type { SimulatorOptions } from '../../src/simulator/server.ts';
import { GATEWAY_SCRIPT, gatewayEnv } from '../contenders.ts';
import { ask, freePort, type Launched, launch, listening } from '../lib/process.ts';
import { temporaryDirectory } from '../stage.ts';
import type { CommboxLog, CommboxOrder } from './commbox.ts';
import { type CallerEntry, keyOf, WARM, writeConfig } from './gateway-config.ts';
import type { Load, LoadReply } from './generator.ts';
import { createGate } from './parallel.ts';
import type { Scenario } from './scenarios.ts';
import type { SenderName } from './senders.ts';

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
  /**
   * A gateway with its defaults, but for long patience, that has sent some messages to another CommBox and knows nothing
   * about this one. Resolves with its port.
   */
  startGateway(commbox: Commbox, callers: readonly CallerEntry[], env?: Record<string, string>): Promise<number>;
  /** Lets the generator send a little elsewhere, in this way; so it is warm, too. */
  warmUp(sender: SenderName): Promise<void>;
  /** Runs a load in the generator. @throws if a message is refused that must not be. */
  load(load: Load): Promise<LoadResult>;
}

type LoadResult = (LoadReply & { readonly ok: true })['result'];

const SYNC_WAIT_MS = '60000';
const WARM_UP_MESSAGES = 400;
const WARM_UP_IN_FLIGHT = 20;
const WARM_UP_WITHIN_MS = 60_000;
const scriptOf = (file: string) => [fileURLToPath(new URL(file, import.meta.url))];
// A process that starts takes a core for seconds; several at once would show in the other runs' figures.
const startGate = createGate(1);

/** The generator is running when this resolves, and a CommBox for warming up. */
export async function openRig(): Promise<Rig> {
  await using stack = new AsyncDisposableStack();
  const directory = await temporaryDirectory();
  stack.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  const running = stack.move();
  const launchIn = (script: string, env: Record<string, string>) =>
    running.use(launch({ script: scriptOf(script), core: null, env, ipc: true }));

  const launchCommbox = async (options: SimulatorOptions): Promise<{ process: Launched; port: number }> => {
    const port = await freePort();
    const process = launchIn('./commbox.ts', { PORT: String(port), SIMULATOR: JSON.stringify(options) });
    await listening(process, port);
    return { process, port };
  };
  const { warm, generator } = await startGate(async () => {
    return { warm: await launchCommbox({}), generator: launchIn('./generator.ts', {}) };
  });

  const load = async (wanted: Load): Promise<LoadResult> => {
    const reply = (await ask(generator, wanted)) as LoadReply;
    if (!reply.ok) throw new Error(reply.reason);
    return reply.result;
  };
  const warmUp = async (sender: SenderName, port: number) => {
    const target = { caller: WARM.caller, key: keyOf(WARM.caller), stream: WARM.stream, port };
    const line = { ...target, messages: WARM_UP_MESSAGES, inFlight: WARM_UP_IN_FLIGHT };
    await load({ kind: 'closed', sender, lines: [line], seed: 1, withinMs: WARM_UP_WITHIN_MS });
  };
  let gateways = 0;

  return {
    load,
    warmUp: (sender) => startGate(() => warmUp(sender, warm.port)),
    async startCommbox({ throttle, latency }, seed) {
      const options = { throttles: [throttle], latency, seed };
      const { process, port } = await startGate(() => launchCommbox(options));
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
      const own = join(directory, `gateway-${++gateways}`);
      await mkdir(own, { mode: 0o700 });
      const config = await writeConfig(own, callers, warm.port);
      const stdout = openSync(`${own}.log`, 'w', 0o600);
      return startGate(async () => {
        // Not sooner: while one waits for its turn, somebody else may take the port.
        const port = await freePort();
        const settings = { ...gatewayEnv({ port, upstreamPort: commbox.port, directory: own }), SYNC_WAIT_MS };
        const all = { ...settings, GATEWAY_CONFIG: config, ...env };
        const gateway = running.use(launch({ script: GATEWAY_SCRIPT, core: null, env: all, stdout }));
        await listening(gateway, port);
        await warmUp('gateway', port);
        return port;
      });
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
