import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Answers with a body that stays the same while the process runs. */
export type CachedBody = (request: FastifyRequest, reply: FastifyReply) => FastifyReply;

/**
 * A 304 for whoever has this body already (RFC 9110, 13.1.2), else a 200. Clients keep it and ask each time, so that an
 * upgrade of the gateway shows at once.
 */
export function cachedBody(
  body: string | Buffer,
  contentType: string,
  further: Readonly<Record<string, string>> = {},
): CachedBody {
  const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
  const headers = { etag, 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff', ...further };
  return (request, reply) => {
    reply.headers(headers);
    // Sent as nothing, it has no Content-Length, which at a 304 would speak of the body (RFC 9110, 8.6).
    if (hasEtag(request.headers['if-none-match'], etag)) reply.code(304).send();
    else reply.type(contentType).send(body);
    request.context.onAnswered();
    return reply;
  };
}

/** The handler for a body that is made at the first request, and kept. What fails is tried again at the next. */
export function onDemand(make: () => Promise<CachedBody>) {
  let making: Promise<CachedBody> | null = null;
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    making ??= make().catch((error: unknown) => {
      making = null;
      throw error;
    });
    const answer = await making;
    return answer(request, reply);
  };
}

// Weak comparison, as the RFC demands of this header: proxies that compress weaken the tag.
function hasEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  return tags.includes(etag) || tags.includes('*');
}
