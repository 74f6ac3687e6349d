import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Test } from 'tap';
import { loadConfig } from '../../src/config/load-config.ts';
import type { Pressure } from '../../src/http/overload.ts';
import { type Clock, systemClock } from '../../src/kernel/clock.ts';
import { createLog } from '../../src/observability/log.ts';
import { createServices } from '../../src/services.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/server.ts';
import { type Answer, call, type RequestHeaders } from '../http/call.ts';
import { createLogCapture, type LogCapture } from './log-capture.ts';

export const GATEWAY_KEY = 'gateway-key-of-the-one-caller';
export const COMMBOX_KEY = 'commbox-key-that-nobody-may-see';

/** The defaults of the channels. One id has the encrypted form. */
export const STREAMS = { email: 'pE6q0uPbXiwBNLiTvKsDMw==', sms: '532', whatsapp: '533', chat: '534' } as const;

/** The least that each channel takes. */
export const least = {
  email: { to: 'jane@example.com', subject: 'Hi', text: 'hello' },
  sms: { to: '+972544444444', text: 'hello' },
  whatsapp: { to: '+972544444444', text: 'hello', template: { name: 'welcome', language: 'en' } },
  chat: { to: '+972544444444', text: 'hello' },
} as const;

/** Far from every limit. */
export const CALM: Pressure = { eventLoopDelayMs: 5, heapShare: 0.3, memoryShare: 0.3, requests: 100 };

export interface GatewayOptions {
  /** Added to what a gateway needs; an empty text unsets. */
  readonly env?: Readonly<Record<string, string>>;
  /** The text of `gateway.yaml`. */
  readonly yaml?: string;
  /** The texts of further files, by their names; looked at for every read, so that a test can change them. */
  readonly files?: Record<string, string>;
  readonly simulator?: SimulatorOptions;
  readonly clock?: Clock;
  /** Default: one that keeps everything. */
  readonly log?: LogCapture;
  /** Default: none, so that a busy machine is not taken for a busy gateway. */
  readonly measurePressure?: () => Pressure;
  /** A simulator that outlives this gateway, instead of one of its own. */
  readonly commbox?: Simulator;
  /** A directory that outlives this gateway, instead of one of its own. */
  readonly dataDir?: string;
}

/** A running gateway on a real port, the simulated CommBox behind it, and what can be seen of both. */
export interface Gateway {
  readonly port: number;
  readonly simulator: Simulator;
  readonly log: LogCapture;
  /**
   * Posts as the one caller. An object goes as JSON; text and bytes go as they stand, as `application/json` unless the
   * headers say otherwise.
   */
  post(path: string, body: unknown, headers?: RequestHeaders): Promise<Answer>;
  /**
   * The files left in the attachment spool. What is known of a message may be a moment ahead of their removal, so this
   * waits while there are more than so many, which are none unless stated.
   */
  leftInSpool(most?: number): Promise<string[]>;
  /** Gets as the one caller. */
  get(path: string, headers?: RequestHeaders): Promise<Answer>;
  /** What SIGHUP does. */
  reload(): Promise<void>;
  /** Ends the gateway before its test does. */
  close(): Promise<void>;
}

/** Starts the gateway as `serve` does, from an environment and a YAML text. It ends with the test. */
export async function startGateway(t: Test, options: GatewayOptions = {}): Promise<Gateway> {
  const simulator = options.commbox ?? (await startSimulator({ keys: [COMMBOX_KEY], ...options.simulator }));
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'gateway-')));
  const log = options.log ?? createLogCapture();
  const files = options.files ?? {};
  const textOf = (name: string) => files[name] ?? (name === 'gateway.yaml' ? options.yaml : undefined);
  const config = await loadConfig({
    env: { ...gatewayEnv(simulator, dataDir), ...options.env },
    cwd: dataDir,
    readFile: async (path) => {
      const text = textOf(basename(path));
      if (text !== undefined) return text;
      throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    },
  });
  const clock = options.clock ?? systemClock;
  const services = await createServices(config, {
    clock,
    log: createLog({ level: config.logLevel, sink: log }),
    measurePressure: options.measurePressure ?? (() => CALM),
  });
  const port = Number(new URL(await services.listen()).port);
  let closing: Promise<void> | null = null;
  const close = () => (closing ??= services.close());
  t.teardown(async () => {
    // CommBox goes first: calls that a test left hanging end with it.
    await simulator.close();
    await close();
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
  });

  return {
    port,
    simulator,
    log,
    post(path, body, headers = {}) {
      const asIs = typeof body === 'string' || body instanceof Uint8Array;
      const own = { authorization: `Bearer ${GATEWAY_KEY}`, 'content-type': 'application/json' };
      return call(port, { path, headers: { ...own, ...headers }, body: asIs ? body : JSON.stringify(body) });
    },
    leftInSpool: (most = 0) => watchEmptying(join(dataDir, 'spool'), most),
    get: (path, headers = {}) =>
      call(port, { method: 'GET', path, headers: { authorization: `Bearer ${GATEWAY_KEY}`, ...headers } }),
    reload: services.reload,
    close,
  };
}

const PATIENCE_MS = 20_000;

async function watchEmptying(directory: string, most: number): Promise<string[]> {
  const end = performance.now() + PATIENCE_MS;
  let names = await readdir(directory);
  while (names.length > most && performance.now() < end) names = await readdir(directory);
  return names;
}

/** What a gateway needs: one CommBox, a stream for each channel, and one caller. */
export function gatewayEnv(simulator: Simulator, dataDir: string): Record<string, string> {
  return {
    COMMBOX_API_URL: simulator.url,
    COMMBOX_API_KEY: COMMBOX_KEY,
    COMMBOX_EMAIL_STREAM: STREAMS.email,
    COMMBOX_SMS_STREAM: STREAMS.sms,
    COMMBOX_WHATSAPP_STREAM: STREAMS.whatsapp,
    COMMBOX_CHAT_STREAM: STREAMS.chat,
    GATEWAY_API_KEY: GATEWAY_KEY,
    PORT: '0',
    DATA_DIR: dataDir,
  };
}
