import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../config/load-config.ts';
import { systemClock } from '../kernel/clock.ts';
import { cannotListen } from '../kernel/start-error.ts';
import { type ClosableLog, createLog, type LogSink } from '../observability/log.ts';
import { createServices } from '../services.ts';
import { type Simulator, startSimulator } from '../simulator/server.ts';

/** A gateway and the simulated CommBox behind it, in one process, with nothing to configure. */
export interface SandboxPair {
  readonly url: string;
  /** The simulated CommBox, as a client on this machine reaches it. */
  readonly commboxUrl: string;
  /** The gateway key of the one caller; a constant, since nothing real is behind it. */
  readonly key: string;
  readonly simulator: Simulator;
  readonly log: ClosableLog;
  close(): Promise<void>;
}

export interface SandboxOptions {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly commboxPort: number;
  /** Where the gateway's log goes. Default: standard output. */
  readonly logSink?: LogSink;
}

export const SANDBOX_KEY = 'sandbox-key-with-nothing-behind-it';
const COMMBOX_KEY = 'the-simulated-commbox-knows-this-key';

/** The sandbox's streams: their aliases are the channels' defaults. One id has the encrypted form. */
export const SANDBOX_STREAMS = { email: 'pE6q0uPbXiwBNLiTvKsDMw==', sms: '532', whatsapp: '533', chat: '534' } as const;

/** @throws StartError if one of the ports cannot be listened at; nothing is left running then. */
export async function startSandboxPair(options: SandboxOptions): Promise<SandboxPair> {
  const { host, port } = options;
  await using opened = new AsyncDisposableStack();
  const simulator = await startSimulator({
    host,
    port: options.commboxPort,
    keys: [COMMBOX_KEY],
    streams: Object.values(SANDBOX_STREAMS),
  }).catch((error: unknown) => {
    throw cannotListen({ host, port: options.commboxPort, settings: '--host, --commbox-port' }, error);
  });
  opened.defer(() => simulator.close());
  const dataDir = await mkdtemp(join(tmpdir(), 'commbox-sandbox-'));
  opened.defer(() => rm(dataDir, { recursive: true, force: true }));
  const config = await loadConfig({
    env: {
      COMMBOX_API_URL: `http://127.0.0.1:${simulator.port}`,
      COMMBOX_API_KEY: COMMBOX_KEY,
      COMMBOX_EMAIL_STREAM: SANDBOX_STREAMS.email,
      COMMBOX_SMS_STREAM: SANDBOX_STREAMS.sms,
      COMMBOX_WHATSAPP_STREAM: SANDBOX_STREAMS.whatsapp,
      COMMBOX_CHAT_STREAM: SANDBOX_STREAMS.chat,
      COMMBOX_MANAGER_ID: '12345',
      GATEWAY_API_KEY: SANDBOX_KEY,
      HOST: host,
      PORT: String(port),
      DATA_DIR: dataDir,
    },
    // A sandbox is the same everywhere: no gateway.yaml of the folder it is started in.
    cwd: dataDir,
    readFile: async () => {
      throw Object.assign(new Error('no files in a sandbox'), { code: 'ENOENT' });
    },
  });
  const log = createLog({ level: config.logLevel, ...(options.logSink && { sink: options.logSink }) });
  const services = await createServices(config, { clock: systemClock, log });
  opened.defer(() => services.close());
  const url = await services.listen();
  const running = opened.move();

  return {
    url: reachable(url),
    commboxUrl: reachable(simulator.url),
    key: SANDBOX_KEY,
    simulator,
    log,
    close: () => running.disposeAsync(),
  };
}

/** An address that means every interface can be listened at, but not everywhere be connected to. */
function reachable(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:');
}
