import net from 'node:net';
import type { SimulatorClock } from '../../src/simulator/clock.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/server.ts';

interface Test {
  teardown(task: () => Promise<void>): void;
}

/** Starts a simulator that is closed with the test. */
export async function start(t: Test, options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator(options);
  t.teardown(() => simulator.close());
  return simulator;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function read(response: Response): Promise<Reply> {
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const key = { authorization: 'Bearer test-key' };

/** Any request with the test's key. */
export async function call(simulator: Simulator, path: string, init: RequestInit = {}): Promise<Reply> {
  const headers = { ...key, ...(init.headers as Record<string, string> | undefined) };
  return read(await fetch(simulator.url + path, { ...init, headers }));
}

/** Posts an object, or a JSON text as it stands, to a stream. */
export function send(simulator: Simulator, object: unknown, stream = '532', init: RequestInit = {}): Promise<Reply> {
  const body = typeof object === 'string' ? object : JSON.stringify({ data: object });
  const headers = { 'content-type': 'application/json', ...(init.headers as Record<string, string> | undefined) };
  return call(simulator, `/streams/${encodeURIComponent(stream)}/objects`, { method: 'POST', ...init, headers, body });
}

export const text = { Message: 'hello' };

/** Sends so many texts one after the other and gives their statuses. */
export async function statuses(simulator: Simulator, count: number, stream?: string): Promise<number[]> {
  const all: number[] = [];
  for (let index = 0; index < count; index += 1) all.push((await send(simulator, text, stream)).status);
  return all;
}

export interface ManualClock extends SimulatorClock {
  advance(ms: number): void;
  /** Tasks that wait for their time. */
  waiting(): number;
}

export function createManualClock(startMs = Date.UTC(2026, 0, 1)): ManualClock {
  let nowMs = startMs;
  let tasks: { atMs: number; task: () => void }[] = [];
  return {
    now: () => nowMs,
    schedule(delayMs, task) {
      const entry = { atMs: nowMs + delayMs, task };
      tasks.push(entry);
      return () => {
        tasks = tasks.filter((other) => other !== entry);
      };
    },
    advance(ms) {
      nowMs += ms;
      const due = tasks.filter(({ atMs }) => atMs <= nowMs);
      tasks = tasks.filter((entry) => !due.includes(entry));
      for (const { task } of due) task();
    },
    waiting: () => tasks.length,
  };
}

/** Sends bytes over a plain socket and gives all that comes back until the connection ends. */
export function exchange(simulator: Simulator, ...pieces: (string | Buffer)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(simulator.port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('utf8').on('data', (piece: string) => {
      answer += piece;
    });
    socket.once('error', reject).once('close', () => resolve(answer));
    for (const piece of pieces) socket.write(piece);
  });
}
