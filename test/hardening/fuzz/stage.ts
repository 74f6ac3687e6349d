import { hash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Test } from 'tap';
import { loadConfig } from '../../../src/config/load-config.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import { createLog } from '../../../src/observability/log.ts';
import { createServices } from '../../../src/services.ts';
import { type Simulator, startSimulator } from '../../../src/simulator/server.ts';
import { COMMBOX_KEY, GATEWAY_KEY, STREAMS } from '../../support/gateway.ts';
import { NARROW_KEY } from './request.ts';

export interface Stage {
  readonly port: number;
  readonly simulator: Simulator;
  /** What the gateway logged as a fault of its own. */
  readonly bugs: readonly string[];
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
  const simulator = await startSimulator({ keys: [COMMBOX_KEY], seed, ...faults });
  const dataDir = await mkdtemp(join(tmpdir(), 'gateway-fuzz-'));
  const config = await loadConfig({
    env: {
      COMMBOX_API_URL: simulator.url,
      COMMBOX_API_KEY: COMMBOX_KEY,
      COMMBOX_EMAIL_STREAM: STREAMS.email,
      COMMBOX_SMS_STREAM: STREAMS.sms,
      COMMBOX_WHATSAPP_STREAM: STREAMS.whatsapp,
      COMMBOX_CHAT_STREAM: STREAMS.chat,
      GATEWAY_API_KEY: GATEWAY_KEY,
      PORT: '0',
      DATA_DIR: dataDir,
    },
    cwd: dataDir,
    readFile: async (path) => {
      if (path.endsWith('gateway.yaml')) return yaml;
      throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    },
  });
  const bugs: string[] = [];
  const keepBug = (line: string) => {
    if (/"internal_error"|"level":60|"upkeep failed"/.test(line)) bugs.push(line);
  };
  const log = createLog({ level: 'info', sink: { write: keepBug } });
  const services = await createServices(config, { clock: systemClock, log });
  const port = Number(new URL(await services.listen()).port);
  t.teardown(async () => {
    await simulator.close();
    await services.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;

  return {
    port,
    simulator,
    bugs,
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
