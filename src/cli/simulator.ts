import { cannotListen } from '../kernel/start-error.ts';
import { parseSimulatorArgs, SimulatorUsageError } from '../simulator/options.ts';
import { startSimulator } from '../simulator/server.ts';
import { simulatorUsage } from '../simulator/usage.ts';
import type { Command } from './command.ts';
import { waitForSignal } from './signals.ts';
import { UsageError } from './usage.ts';

export const simulatorCommand: Command = {
  usage: simulatorUsage,
  async run(args) {
    const options = optionsOf(args);
    const simulator = await startSimulator(options).catch((error: unknown) => {
      const { host, port } = options;
      throw cannotListen({ host, port, settings: '--host, --port' }, error);
    });
    console.log(`The simulated CommBox listens at ${simulator.url}`);
    console.log(`What it received: ${simulator.url}/_received   its behaviour: ${simulator.url}/_control`);
    await waitForSignal();
    await simulator.close();
    return 0;
  },
};

function optionsOf(args: readonly string[]) {
  try {
    return parseSimulatorArgs(args).options;
  } catch (error) {
    if (error instanceof SimulatorUsageError) throw new UsageError(error.message);
    throw error;
  }
}
