import { createServer, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAnswerWriter } from './answer.ts';
import { createBehaviour } from './behaviour.ts';
import { realClock, type SimulatorClock } from './clock.ts';
import { type ControlPatch, defaultSettings, mergeSettings, parseControl, type Settings } from './control.ts';
import { createControlRoutes } from './control-routes.ts';
import type { Duplicate } from './duplicates.ts';
import { type Counts, createReceivedStore } from './received.ts';
import { type ReceivedCall, type ReceivedFilter, showCalls } from './received-view.ts';
import { createRoutes } from './routes.ts';
import { createSend } from './send.ts';

/** Where the simulator listens and what it keeps; the members of `ControlPatch` set its behaviour at the start. */
export interface SimulatorOptions extends ControlPatch {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** PEM texts; makes it an HTTPS server. */
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly clock?: SimulatorClock;
  /** How long an idle connection is kept open. Default 5000. */
  readonly keepAliveTimeoutMs?: number;
  /** Id of the first object; later ones count up. Default 294159. */
  readonly firstObjectId?: bigint;
  /** How many calls can be looked at. Default 10 000. */
  readonly keepCalls?: number;
  /** How much text they may hold together. Default 64 MiB. */
  readonly keepBytes?: number;
  /** How many created objects are remembered to recognise a repetition; 0: none. Default 200 000. */
  readonly rememberObjects?: number;
}

export interface Simulator {
  /** Base URL without a trailing slash. */
  readonly url: string;
  readonly port: number;
  received(filter?: ReceivedFilter): ReceivedCall[];
  counts(): Counts;
  duplicates(): readonly Duplicate[];
  /** Forgets what was received, totals included. Ids go on counting. */
  clear(): void;
  /** Changes the behaviour at once; throws a `TypeError` that names every member that is wrong. */
  control(patch: ControlPatch): Settings;
  /** Back to the behaviour given at the start. */
  reset(): void;
  /** Resolves when a total (default `calls`) has reached `count`; rejects if the simulator closes first. */
  waitFor(count: number, total?: keyof Counts): Promise<void>;
  /** Open connections, and how many there have ever been. */
  connections(): { readonly open: number; readonly total: number };
  /** Closes the connections that carry no request now. */
  closeIdle(): void;
  /** Stops listening and cuts every connection, hanging ones too. */
  close(): Promise<void>;
}

function checkedPatch(patch: ControlPatch): ControlPatch {
  const parsed = parseControl(patch);
  if ('problems' in parsed) throw new TypeError(`The simulator's settings are wrong: ${parsed.problems.join('; ')}`);
  return parsed.patch;
}

function listen(server: Server, port: number, host: string): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve(server.address() as AddressInfo);
    });
  });
}

function watchConnections(server: Server, event: 'connection' | 'secureConnection') {
  let open = 0;
  let total = 0;
  server.on(event, (socket) => {
    open += 1;
    total += 1;
    socket.once('close', () => (open -= 1));
  });
  return () => ({ open, total });
}

/** Starts a simulated CommBox. Rejects with the system's error if the port can't be had. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const {
    host = '127.0.0.1',
    port = 0,
    tls,
    clock = realClock,
    keepAliveTimeoutMs = 5000,
    firstObjectId = 294159n,
    keepCalls = 10_000,
    keepBytes = 64 * 1024 * 1024,
    rememberObjects = 200_000,
    ...patch
  } = options;
  const behaviour = createBehaviour(mergeSettings(defaultSettings, checkedPatch(patch)));
  const received = createReceivedStore({ keepCalls, keepBytes, rememberObjects });
  const answers = createAnswerWriter(clock);
  let nextObjectId = firstObjectId;

  function afterLatency(response: ServerResponse, extraMs: number, task: () => void): void {
    const delayMs = behaviour.takeLatencyMs() + extraMs;
    if (delayMs <= 0) task();
    else response.once('close', clock.schedule(delayMs, task));
  }

  const takeObjectId = () => nextObjectId++;
  const send = createSend({ behaviour, received, answers, clock, afterLatency, takeObjectId });
  const control = createControlRoutes(behaviour, received);
  const listener = createRoutes({ behaviour, received, answers, control, send, afterLatency });

  // A slow upload is part of what is simulated, so the server itself never gives up on one.
  const serverOptions = { keepAliveTimeout: keepAliveTimeoutMs, keepAliveTimeoutBuffer: 0, requestTimeout: 0 };
  const server: Server = tls
    ? createTlsServer({ ...serverOptions, ...tls }, listener)
    : createServer(serverOptions, listener);
  const connections = watchConnections(server, tls ? 'secureConnection' : 'connection');
  const address = await listen(server, port, host);

  return {
    url: `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    port: address.port,
    received: (filter = {}) => showCalls(received.kept(), filter),
    counts: received.counts,
    duplicates: received.duplicates,
    clear: received.clear,
    control(change) {
      behaviour.apply(checkedPatch(change));
      return behaviour.describe();
    },
    reset: behaviour.reset,
    waitFor: (count, total = 'calls') => received.waitFor(count, total),
    connections,
    closeIdle: () => server.closeIdleConnections(),
    close() {
      received.close();
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}
