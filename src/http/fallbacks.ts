import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Clock } from '../kernel/clock.ts';
import { GatewayError } from '../kernel/errors.ts';
import { createSendProblem, toGatewayError } from './errors.ts';

/**
 * Answers for what no route answers: whatever a handler throws, a path that exists for other methods (405 with
 * `Allow`, RFC 9110, 15.5.6), and any other path. Call before the first route is added.
 */
export function addFallbacks(app: FastifyInstance, clock: Clock): void {
  const sendProblem = createSendProblem(clock);
  const paths = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();

  app.addHook('onRoute', ({ url, method }) => {
    const path = paths.get(url) ?? { pattern: patternOf(url), methods: new Set() };
    for (const name of [method].flat()) path.methods.add(name);
    paths.set(url, path);
  });

  app.setErrorHandler((thrown, request, reply) => sendProblem(request, reply, toGatewayError(thrown)));

  const noRoute = (request: FastifyRequest): GatewayError => {
    const [pathname = ''] = request.url.replace(ORIGIN, '').split('?', 1);
    const path = [...paths.values()].find(({ pattern }) => pattern.test(pathname));
    if (path === undefined) return new GatewayError('not_found', 'There is no such route.');
    const allow = [...path.methods].sort().join(', ');
    return new GatewayError('method_not_allowed', `This path takes ${allow}.`, { headers: { allow } });
  };
  // Once it is known that the gateway takes requests at all, and before the body is read: what is wrong with that is no
  // news where nobody takes one.
  app.addHook('preParsing', (request, _reply, _payload, done) => done(request.is404 ? noRoute(request) : null));
}

// Of a target in absolute form (RFC 9112, 3.2.2).
const ORIGIN = /^https?:\/\/[^/]*/i;

function patternOf(url: string): RegExp {
  return new RegExp(`^${url.replaceAll('.', '\\.').replace(/:\w+/g, '[^/]+')}$`);
}
