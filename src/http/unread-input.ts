import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Fault, invalidRequest } from '../kernel/errors.ts';
import { pointerTo } from '../kernel/pointer.ts';

const LIST = '/v1/messages';
const EMPTY_OBJECT = /^\s*\{\s*\}\s*$/;

/**
 * Refuses query parameters where nothing reads them: a filter or a lane in the wrong place would be dropped without a
 * word. The drop-in door and the metrics are called by clients that are not the gateway's, and keep taking any.
 */
export function refuseUnreadQueries(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (!request.url.includes('?') || isQueryRead(request)) return done();
    const faults = Object.keys(request.query as object).map(unknownParameter);
    done(faults.length === 0 ? undefined : invalidRequest(faults));
  });
}

/** @throws GatewayError `invalid_request` for a body at a route that reads none; `{}` says as little as none. */
export function refuseBody({ body }: FastifyRequest): void {
  if (!Buffer.isBuffer(body) || body.length === 0 || EMPTY_OBJECT.test(body.toString('latin1'))) return;
  throw invalidRequest([{ pointer: '', message: 'must be left out, or be {}: this route takes no fields' }]);
}

function isQueryRead({ method, routeOptions: { url = '' } }: FastifyRequest): boolean {
  return !url.startsWith('/v1/') || (url === LIST && method !== 'POST');
}

function unknownParameter(name: string): Fault {
  return { pointer: pointerTo('', name), message: 'is not a known query parameter: this route takes none' };
}
