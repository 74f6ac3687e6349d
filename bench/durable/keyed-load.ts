import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { busyTicks, cpuTicksOf } from '../lib/cpu.ts';
import { createFrames } from '../lib/frames.ts';
import type { Slice, SliceResult } from '../lib/load.ts';

const SERIAL_DIGITS = 12;

/**
 * The same load as `runSlice`, but every request carries an `Idempotency-Key` of its own.
 * @throws if an answer is no 2xx, or a connection ends.
 */
export async function runKeyedSlice(slice: Slice): Promise<SliceResult> {
  const next = keyedRequests(slice);
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
      if (!head.startsWith('HTTP/1.1 2')) failed.reject(new Error(`${head.split('\r\n')[0]}: ${body}`));
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
    const after = readTicks(slice);
    return {
      requests: requests - before.requests,
      seconds: (performance.now() - before.at) / 1000,
      cpuTicks: after.measured - before.measured,
      p99Ms: latencies.percentile(99) / 1000,
      strangerTicks: Math.max(0, after.strangers - before.strangers),
    };
  } finally {
    isOver = true;
    // The last answers get the time to come: a cut request would make the other side log errors.
    await delay(50);
    for (const socket of sockets) socket.destroy();
  }
}

function readTicks({ pid, helperPids }: Slice): { measured: number; strangers: number } {
  const measured = cpuTicksOf(pid);
  const helpers = [process.pid, ...helperPids].map(cpuTicksOf).reduce((sum, ticks) => sum + ticks);
  return { measured, strangers: busyTicks() - measured - helpers };
}

/** The request with the next key, as bytes. What differs is written into a copy: building text costs more. */
function keyedRequests({ port, request }: Slice): () => Buffer {
  const key = `bench-${randomUUID()}-`;
  const headers = {
    host: `127.0.0.1:${port}`,
    ...request.headers,
    'content-length': Buffer.byteLength(request.body),
    'idempotency-key': `${key}${'0'.repeat(SERIAL_DIGITS)}`,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const template = Buffer.from(`POST ${request.path} HTTP/1.1\r\n${lines.join('')}\r\n${request.body}`);
  const serialAt = template.indexOf(key) + key.length;
  let serial = 0;
  return () => {
    const bytes = Buffer.from(template);
    bytes.write(String(++serial).padStart(SERIAL_DIGITS, '0'), serialAt, 'latin1');
    return bytes;
  };
}
