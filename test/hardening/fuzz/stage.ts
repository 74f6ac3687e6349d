import { hash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Test } from 'tap';
import type { Simulator } from '../../../src/simulator/server.ts';
import { startGateway } from '../../support/gateway.ts';
import { createLogCapture } from '../../support/log-capture.ts';
import { NARROW_KEY } from './request.ts';

export interface Stage {
  readonly port: number;
  readonly simulator: Simulator;
  /** What the gateway logged as a fault of its own. */
  bugs(): string;
  /** What this process holds when it does nothing. */
  footprint(): Footprint;
}

export interface Footprint {
  readonly heapBytes: number;
  readonly openFiles: number;
  readonly resources: number;
}

const yaml = `
streams:
  alerts: { channel: sms, id: "900", lane: critical }
callers:
  narrow: { keys: ["sha256:${hash('sha256', NARROW_KEY)}"], channels: [sms, raw], streams: [sms], lane: bulk }
`;

/** A gateway as it is served, and a CommBox that has its bad moments. Keeps no log: only what must not be there. */
export async function startStage(t: Test, seed: number): Promise<Stage> {
  const faults = { errorRate: 0.02, errorRecordedRate: 0.5, resetBeforeRate: 0.01, resetAfterRate: 0.01 };
  const log = createLogCapture((line) => /"internal_error"|"level":60|"upkeep failed"/.test(line));
  const { port, simulator } = await startGateway(t, { yaml, log, simulator: { seed, ...faults } });
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;

  return {
    port,
    simulator,
    bugs: log.text,
    footprint() {
      collect();
      return {
        heapBytes: process.memoryUsage().heapUsed,
        openFiles: readdirSync('/proc/self/fd').length,
        resources: process.getActiveResourcesInfo().length,
      };
    },
  };
}
