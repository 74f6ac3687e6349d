import { totalmem } from 'node:os';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../kernel/clock.ts';
import type { Pressure } from './overload.ts';

/** How often memory and event loop are measured. */
const SAMPLE_MS = 1_000;

/**
 * What `@fastify/under-pressure` measures, as shares of what this process may have. Its own thresholds are left unset:
 * they know one level for all requests.
 */
export async function createGauge(app: FastifyInstance, requests: () => number): Promise<() => Pressure> {
  await app.register(underPressure, { sampleInterval: SAMPLE_MS });
  const heapLimit = getHeapStatistics().heap_size_limit;
  const memoryLimit = memoryOf(process.constrainedMemory(), totalmem());
  return () => {
    const { eventLoopDelay, heapUsed, rssBytes } = app.memoryUsage();
    return {
      eventLoopDelayMs: eventLoopDelay,
      heapShare: heapUsed / heapLimit,
      memoryShare: rssBytes / memoryLimit,
      requests: requests(),
    };
  };
}

/** Bytes that this process may take; without a limit of a container, Node gives 0 or a number beyond all memory. */
export function memoryOf(constrained: number, total: number): number {
  return constrained > 0 && constrained < total ? constrained : total;
}

const COLLECT_EVERY_MS = 10_000;

/**
 * Collects garbage, at most every 10 s. V8 does so when something is allocated; a process that turns everything away
 * allocates next to nothing, and would stay full of what nobody needs any more.
 */
export function createCollector(clock: Clock): () => void {
  let lastAt = Number.NEGATIVE_INFINITY;
  let collect: (() => void) | null = null;
  return () => {
    if (clock.monotonic() - lastAt < COLLECT_EVERY_MS) return;
    lastAt = clock.monotonic();
    if (collect === null) {
      setFlagsFromString('--expose-gc');
      collect = runInNewContext('gc') as () => void;
      setFlagsFromString('--no-expose-gc');
    }
    collect();
  };
}
