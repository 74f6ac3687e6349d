import type {} from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Caller, RateLimit } from '../access/caller.ts';
import type { Directory } from '../access/directory.ts';
import type { Clock } from '../kernel/clock.ts';
import { GatewayError } from '../kernel/errors.ts';
import { addressGroup } from './address-group.ts';
import { createFailureLimit } from './failure-limit.ts';
import { repeatedHeaders } from './single-headers.ts';

/** Failed authentications that an address may make in a minute before it is told to slow down. */
const FAILURES_PER_MINUTE = 20;
const MINUTE_MS = 60_000;
/** Some 100 bytes each. */
const MOST_SOURCES = 10_000;

export interface AuthenticationOptions {
  readonly directory: Directory;
  readonly clock: Clock;
}

/**
 * Opens a scope of routes to callers with a key only, and holds each to its own limit. Needs `@fastify/rate-limit`
 * registered. A valid key is checked first and is never refused because of others' failures from the same address.
 * Failures are counted apart from callers, so that a flood of them cannot push a caller's own count out.
 */
export function addAuthentication(app: FastifyInstance, { directory, clock }: AuthenticationOptions): void {
  const failures = createFailureLimit({
    clock,
    max: FAILURES_PER_MINUTE,
    windowMs: MINUTE_MS,
    mostSources: MOST_SOURCES,
  });
  const limiterOf = createLimiters(app);

  app.addHook('onRequest', (request, reply, done) => {
    const repeated = repeatedHeaders(request.raw);
    if (repeated !== null) return done(repeated);
    const caller = directory.anonymous() ?? identify(request, directory);
    if (caller === null) return done(refusal(failures.note(sourceOf(request))));
    request.context.caller = caller;
    if (caller.rateLimit === null) return done();
    limiterOf(caller.rateLimit)(request, reply).then(() => done(), done);
  });
}

type Limiter = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/**
 * One limiter for each limit, which counts its callers one by one: a limit that came as a function would be waited for
 * at every request. A caller whose limit is changed begins a new window.
 */
function createLimiters(app: FastifyInstance): (limit: RateLimit) => Limiter {
  const limiters = new Map<string, Limiter>();
  const createLimiter = ({ max, windowSeconds }: RateLimit): Limiter =>
    app
      .rateLimit({
        max,
        timeWindow: windowSeconds * 1_000,
        keyGenerator: (request: FastifyRequest) => callerOf(request).name,
        errorResponseBuilder: () =>
          new GatewayError('rate_limited', `This caller may make ${max} requests in ${windowSeconds} s.`),
      })
      .bind(app) as Limiter;

  return (limit) => {
    const name = `${limit.max}/${limit.windowSeconds}`;
    const limiter = limiters.get(name) ?? createLimiter(limit);
    limiters.set(name, limiter);
    return limiter;
  };
}

/** The caller of a request inside an authenticated scope. */
export function callerOf(request: FastifyRequest): Caller {
  const { caller } = request.context;
  if (caller === null) throw new Error('route outside of an authenticated scope');
  return caller;
}

function identify(request: FastifyRequest, directory: Directory): Caller | null {
  const { authorization } = request.headers;
  const bearer = authorization === undefined ? null : /^bearer +(\S+) *$/i.exec(authorization);
  const key = bearer?.[1] ?? request.headers['x-api-key'];
  return typeof key === 'string' ? directory.authenticate(key) : null;
}

/** A text in place of an address, which a proxy passed on, tells no more than that the proxy did. */
function sourceOf(request: FastifyRequest): string {
  return addressGroup(request.ip) ?? `by ${request.socket.remoteAddress}`;
}

function refusal(waitMs: number): GatewayError {
  if (waitMs === 0) {
    return new GatewayError('unauthorized', 'Give a valid gateway key as Authorization: Bearer <key> or X-API-Key.');
  }
  const detail = 'Too many failed authentications from this address.';
  return new GatewayError('rate_limited', detail, { retryAfterMs: waitMs });
}
