import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Fault, invalidRequest } from '../kernel/errors.ts';
import { pointerTo } from '../kernel/pointer.ts';

const LIST = '/v1/messages';
const LANE_IS_A_FIELD: Fault = {
  pointer: '',
  message: 'the header Gateway-Lane is for the drop-in door; here lane is a field of the message',
};
const EMPTY_OBJECT = /^\s*\{\s*\}\s*$/;

/**
 * Refuses query parameters, and the drop-in door's header for the lane, where nothing reads them: a filter or a lane in
 * the wrong place would be dropped without a word. The drop-in door and the metrics are called by clients that are not
 * the gateway's, and keep taking any.
 */
export function refuseUnreadInput(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const hasQuery = request.url.includes('?');
    const hasLane = request.headers['gateway-lane'] !== undefined;
    if ((!hasQuery && !hasLane) || !isOurs(request)) return done();
    const faults = hasQuery && !isQueryRead(request) ? Object.keys(request.query as object).map(unknownParameter) : [];
    if (hasLane) faults.push(LANE_IS_A_FIELD);
    done(faults.length === 0 ? undefined : invalidRequest(faults));
  });
}

/** @throws GatewayError `invalid_request` for a body at a route that reads none; `{}` says as little as none. */
export function refuseBody({ body }: FastifyRequest): void {
  if (!Buffer.isBuffer(body) || body.length === 0 || EMPTY_OBJECT.test(body.toString('latin1'))) return;
  throw invalidRequest([{ pointer: '', message: 'must be left out, or be {}: this route takes no fields' }]);
}

function isOurs({ routeOptions: { url = '' } }: FastifyRequest): boolean {
  return url.startsWith('/v1/');
}

function isQueryRead({ method, routeOptions: { url } }: FastifyRequest): boolean {
  return url === LIST && method !== 'POST';
}

function unknownParameter(name: string): Fault {
  return { pointer: pointerTo('', name), message: 'is not a known query parameter: this route takes none' };
}
