import { connect, type Socket } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { busyTicks, cpuTicksOf } from './cpu.ts';
import { createFrames } from './frames.ts';

export interface HttpRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Slice {
  readonly port: number;
  readonly request: HttpRequest;
  readonly connections: number;
  /** Time before anything counts: connections open, upstream connections come back. */
  readonly leadInSeconds: number;
  readonly seconds: number;
  /** The process whose CPU time is read at both ends of the slice. */
  readonly pid: number;
  /** The other processes that belong to the measurement, this one left out. */
  readonly helperPids: readonly number[];
}

export interface SliceResult {
  readonly requests: number;
  readonly seconds: number;
  readonly cpuTicks: number;
  /** 99th percentile of the time from request to answer. */
  readonly p99Ms: number;
  /** What processes that have no part in the measurement used meanwhile. */
  readonly strangerTicks: number;
}

/**
 * Sends a request over and over, one at a time on each of several connections, and counts what comes back.
 * @param next the bytes of each request in turn
 * @throws if an answer is no 2xx, or a connection ends: figures of a run with failures mean nothing.
 */
export async function runSlice(slice: Slice, next: () => Buffer): Promise<SliceResult> {
  const latencies = createHistogram();
  let requests = 0;
  let isOver = false;
  const failed = Promise.withResolvers<never>();
  const sockets = Array.from({ length: slice.connections }, () => {
    let sentAt = 0;
    const socket = connect({ port: slice.port, host: '127.0.0.1', noDelay: true });
    const send = () => {
      sentAt = performance.now();
      socket.write(next());
    };
    const frames = createFrames((head, body) => {
      if (head.charCodeAt(STATUS_AT) !== DIGIT_2) failed.reject(new Error(`${head.split('\r\n')[0]}: ${body}`));
      requests++;
      latencies.record(Math.max(1, Math.round((performance.now() - sentAt) * 1000)));
      if (!isOver) send();
    });
    socket.on('data', frames).once('connect', send);
    socket.once('error', (error) => failed.reject(error));
    socket.once('close', () => isOver || failed.reject(new Error('the connection was closed')));
    return socket;
  });

  try {
    await Promise.race([delay(slice.leadInSeconds * 1000), failed.promise]);
    const before = { requests, ...readTicks(slice), at: performance.now() };
    latencies.reset();
    await Promise.race([delay(slice.seconds * 1000), failed.promise]);
    const seconds = (performance.now() - before.at) / 1000;
    const after = readTicks(slice);
    return {
      requests: requests - before.requests,
      seconds,
      cpuTicks: after.measured - before.measured,
      p99Ms: latencies.percentile(99) / 1000,
      strangerTicks: Math.max(0, after.strangers - before.strangers),
    };
  } finally {
    isOver = true;
    await Promise.all(sockets.map(hangUp));
  }
}

function readTicks({ pid, helperPids }: Slice): { measured: number; strangers: number } {
  const measured = cpuTicksOf(pid);
  const helpers = [process.pid, ...helperPids].map(cpuTicksOf).reduce((sum, ticks) => sum + ticks);
  return { measured, strangers: busyTicks() - measured - helpers };
}

// "HTTP/1.1 201": the first digit of the status.
const STATUS_AT = 9;
const DIGIT_2 = 0x32;

/** Ends a connection once its last answer had the time to come: a cut request would make the other side log errors. */
async function hangUp(socket: Socket): Promise<void> {
  await delay(50);
  socket.destroy();
}

/** The request as bytes. */
export function serialize({ port, request }: Slice): Buffer {
  const headers = { host: `127.0.0.1:${port}`, ...request.headers, 'content-length': Buffer.byteLength(request.body) };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${request.path} HTTP/1.1\r\n${lines.join('')}\r\n${request.body}`);
}
