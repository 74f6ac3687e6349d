import { randomFillSync, randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Caller } from '../access/caller.ts';
import type { Message } from '../delivery/message.ts';
import type { GatewayError } from '../kernel/errors.ts';
import type { MessageRow } from '../store/message-row.ts';

/** What a request gathers on its way, for its answer and its one log line. */
export interface RequestContext {
  /** When its head was read, by `performance.now()`. Fastify measures only where a hook of its own asks for it. */
  readonly startedAt: number;
  /** Whether it is being worked on: its answer is not handed over, and its caller is still there. */
  isInProgress: boolean;
  caller: Caller | null;
  /** The message that it is about, if it is about one. */
  message: Message | MessageRow | null;
  error: GatewayError | null;
  /** Called when the answer has been handed over. */
  onAnswered: () => void;
  /** Called when the connection is done with this request, answered or not. */
  onClosed: () => void;
}

const nothing = () => {};

export function createRequestContext(): RequestContext {
  return {
    startedAt: performance.now(),
    isInProgress: true,
    caller: null,
    message: null,
    error: null,
    onAnswered: nothing,
    onClosed: nothing,
  };
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

/** The form of an `X-Request-Id` that is taken over. */
export const REQUEST_ID = /^[\w.~-]{1,128}$/;
// W3C Trace Context, section 3.2: ids of zeros and version ff are invalid. What later versions add behind the flags is
// not understood, so theirs goes on as version 00 ("Versioning of traceparent").
const TRACEPARENT = /^00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;
const LATER_TRACEPARENT = /^(?!00|ff)[\da-f]{2}-((?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16})-[\da-f]([\da-f])(?:-.*)?$/;

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
  if (typeof given === 'string' && given !== '') {
    if (TRACEPARENT.test(given)) return given;
    const [, ids, flags = ''] = LATER_TRACEPARENT.exec(given) ?? [];
    // Of the flags only the lowest bit, "sampled", means the same in every version.
    if (ids !== undefined) return `00-${ids}-0${Number.parseInt(flags, 16) & 1}`;
  }
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
