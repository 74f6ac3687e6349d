import { randomFillSync, randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Caller } from '../access/caller.ts';
import type { Message } from '../delivery/message.ts';
import type { GatewayError } from '../kernel/errors.ts';

/** What a request gathers on its way, for its answer and its one log line. */
export interface RequestContext {
  caller: Caller | null;
  message: Message | null;
  error: GatewayError | null;
  /** Called when the answer has been handed over. */
  onAnswered: () => void;
  /** Called when the connection is done with this request, answered or not. */
  onClosed: () => void;
}

const nothing = () => {};

export function createRequestContext(): RequestContext {
  return { caller: null, message: null, error: null, onAnswered: nothing, onClosed: nothing };
}

declare module 'fastify' {
  interface FastifyRequest {
    context: RequestContext;
    traceparent: string;
  }
}

interface WithHeaders {
  readonly headers: IncomingHttpHeaders;
}

const REQUEST_ID = /^[\w.~-]{1,128}$/;
// W3C Trace Context, level 1, section 3.2; version ff and ids of zeros are invalid.
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;

/** The caller's `X-Request-Id` if it is well formed, else a new one. */
export function requestIdOf(request: WithHeaders): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

// Asking the system for random bytes costs more than making the ids: it is done for many at once.
const pool = Buffer.allocUnsafe(24 * 128);
let used = pool.length;

/** The caller's `traceparent` if it is well formed, else a new, unsampled one. */
export function traceparentOf(request: WithHeaders): string {
  const given = request.headers['traceparent'];
  if (typeof given === 'string' && TRACEPARENT.test(given)) return given;
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const traceEnds = used + 16;
  const spanEnds = traceEnds + 8;
  const traceparent = `00-${pool.toString('hex', used, traceEnds)}-${pool.toString('hex', traceEnds, spanEnds)}-00`;
  used = spanEnds;
  return traceparent;
}
