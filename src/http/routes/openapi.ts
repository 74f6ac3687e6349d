import type { FastifyInstance } from 'fastify';
import { LONGEST_KEY } from '../../delivery/fingerprint.ts';
import { JSON_TYPE } from '../answer.ts';
import { type CachedBody, cachedBody, onDemand } from '../cached-body.ts';
import { filterSchema, listLimit, listQuerySchema } from '../message-filter.ts';
import { LONGEST_WAIT_SECONDS } from '../prefer.ts';
import { REQUEST_ID } from '../request-context.ts';
import { batchSchema } from './batch.ts';
import { resolveSchema } from './message-actions.ts';
import { stopSchema } from './pacing.ts';

/** `GET /openapi.json`: the document that describes this gateway's routes, the same for everyone. Open to all. */
export function addOpenapiRoute(app: FastifyInstance): void {
  app.get('/openapi.json', onDemand(buildBody));
}

async function buildBody(): Promise<CachedBody> {
  // Loaded with the rest, it would take a tenth of every start, and 10 MB of those who never ask for it.
  const { createDocument } = await import('../../openapi/document.ts');
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
  return cachedBody(JSON.stringify(document), JSON_TYPE);
}
