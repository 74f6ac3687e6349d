import type { FastifyInstance } from 'fastify';
import { LONGEST_KEY } from '../../delivery/fingerprint.ts';
import { createDocument } from '../../openapi/document.ts';
import { JSON_TYPE } from '../answer.ts';
import { cachedBody } from '../cached-body.ts';
import { filterSchema, listLimit, listQuerySchema } from '../message-filter.ts';
import { LONGEST_WAIT_SECONDS } from '../prefer.ts';
import { REQUEST_ID } from '../request-context.ts';
import { batchSchema } from './batch.ts';
import { resolveSchema } from './message-actions.ts';
import { stopSchema } from './pacing.ts';

/** `GET /openapi.json`: the document that describes this gateway's routes, the same for everyone. Open to all. */
export function addOpenapiRoute(app: FastifyInstance): void {
  const document = createDocument({
    batch: batchSchema,
    filter: filterSchema,
    resolve: resolveSchema,
    stop: stopSchema,
    listQuery: listQuerySchema,
    listLimit,
    longestKey: LONGEST_KEY,
    longestWaitSeconds: LONGEST_WAIT_SECONDS,
    requestId: REQUEST_ID,
  });
  const answer = cachedBody(JSON.stringify(document), JSON_TYPE);
  app.get('/openapi.json', (request, reply) => answer(request, reply));
}
