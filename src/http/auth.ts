import type {} from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Caller } from '../access/caller.ts';
import type { Directory } from '../access/directory.ts';
import { GatewayError } from '../kernel/errors.ts';

/** Failed authentications that an address may make in a minute before it is told to slow down. */
const FAILURES_PER_MINUTE = 20;

/**
 * Opens a scope of routes to callers with a key only, and holds each to its own limit. Needs `@fastify/rate-limit`
 * registered. A valid key is checked first and is never refused because of others' failures from the same address.
 */
export function addAuthentication(app: FastifyInstance, directory: Directory): void {
  const limitFailures = app.createRateLimit({
    max: FAILURES_PER_MINUTE,
    timeWindow: 60_000,
    keyGenerator: (request: FastifyRequest) => `ip:${request.ip}`,
  });
  const limitCaller = app.rateLimit({
    max: (request: FastifyRequest) => callerOf(request).rateLimit?.max ?? Number.POSITIVE_INFINITY,
    timeWindow: (request: FastifyRequest) => (callerOf(request).rateLimit?.windowSeconds ?? 60) * 1000,
    keyGenerator: (request: FastifyRequest) => `caller:${callerOf(request).name}`,
    errorResponseBuilder: (request, context) =>
      new GatewayError(
        'rate_limited',
        `This caller may make ${context.max} requests in ${callerOf(request).rateLimit?.windowSeconds ?? 60} s.`,
      ),
  });

  app.addHook('onRequest', (request, reply, done) => {
    const caller = directory.anonymous() ?? identify(request, directory);
    if (caller === null) {
      limitFailures(request).then((limit) => done(refusal(!limit.isAllowed && limit.isExceeded, limit)), done);
      return;
    }
    request.context.caller = caller;
    if (caller.rateLimit === null) return done();
    const limited = limitCaller.call(app, request, reply) as Promise<void>;
    limited.then(() => done(), done);
  });
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

function refusal(isExceeded: boolean, limit: object): GatewayError {
  if (!isExceeded) {
    return new GatewayError('unauthorized', 'Give a valid gateway key as Authorization: Bearer <key> or X-API-Key.');
  }
  const ttl = 'ttl' in limit && typeof limit.ttl === 'number' ? limit.ttl : 60_000;
  return new GatewayError('rate_limited', 'Too many failed authentications from this address.', { retryAfterMs: ttl });
}
