import type { FastifyInstance } from 'fastify';
import { GatewayError } from '../kernel/errors.ts';

/**
 * How much this process can still take. `calm`: everything. `busy`: only messages of the lane `critical`, and what
 * admins do beside sending (the stop button, metrics). `full`: nothing but the health routes and metrics.
 */
export type Load = 'calm' | 'busy' | 'full';

/** What is looked at. Memory is told as a share of what there is. */
export interface Pressure {
  /** Mean delay of the event loop over the last second. */
  readonly eventLoopDelayMs: number;
  /** Of the heap that V8 may grow to. */
  readonly heapShare: number;
  /** Resident memory, of what the container allows, else of what the machine has. */
  readonly memoryShare: number;
  /** Requests that are being worked on, most of them waiting for their turn at CommBox. */
  readonly requests: number;
}

export interface OverloadOptions {
  readonly measure: () => Pressure;
  /** Called when a request is refused for want of memory. */
  readonly onMemoryShort: () => void;
}

/**
 * Above any one of these it is `busy`, or `full`. With a turn of the event loop at half a second, a message takes two seconds and more inside the gateway; at two,
 * callers run out of patience. Less may be the noise of a busy machine. Half of the connections that are served may
 * wait before others than `critical` ones are turned away.
 */
const limits: Readonly<Record<'busy' | 'full', Pressure>> = {
  busy: { eventLoopDelayMs: 500, heapShare: 0.85, memoryShare: 0.85, requests: 2_048 },
  full: { eventLoopDelayMs: 2_000, heapShare: 0.95, memoryShare: 0.95, requests: 3_584 },
};

export interface Overload {
  /** Costs less than a microsecond. */
  load(): Load;
  /** The error for a request that is turned away. */
  refusal(): GatewayError;
}

const RETRY_AFTER_MS = 5_000;

/** Sets nothing aside and remembers nothing: as soon as the pressure is gone, so is its effect. */
export function createOverload({ measure, onMemoryShort }: OverloadOptions): Overload {
  return {
    load() {
      const now = measure();
      if (isAbove(now, limits.full)) return 'full';
      return isAbove(now, limits.busy) ? 'busy' : 'calm';
    },
    refusal() {
      const { heapShare, memoryShare } = measure();
      if (heapShare > limits.busy.heapShare || memoryShare > limits.busy.memoryShare) onMemoryShort();
      const detail = 'The gateway has more to do than it can, and has not sent the message. Repeat after Retry-After.';
      return new GatewayError('overloaded', detail, { retryAfterMs: RETRY_AFTER_MS });
    },
  };
}

function isAbove(now: Pressure, limit: Pressure): boolean {
  return (
    now.eventLoopDelayMs > limit.eventLoopDelayMs ||
    now.heapShare > limit.heapShare ||
    now.memoryShare > limit.memoryShare ||
    now.requests > limit.requests
  );
}

/** Served whatever the load: an orchestrator that gets no answer would kill the process and make it worse. */
const ALWAYS_SERVED: ReadonlySet<string | undefined> = new Set(['/livez', '/readyz', '/metrics']);

/** Whether the route of this request is served whatever the load. */
export function isAlwaysServed(route: string | undefined): boolean {
  return ALWAYS_SERVED.has(route);
}

/** Turns requests away at the door while it is `full`. Register after the request hooks, before the routes. */
export function addDoor(app: FastifyInstance, overload: Overload): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (overload.load() !== 'full' || isAlwaysServed(request.routeOptions.url)) return done();
    done(overload.refusal());
  });
}
