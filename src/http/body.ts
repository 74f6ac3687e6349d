import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { GatewayError, invalidRequest } from '../kernel/errors.ts';
import { hasBody } from './body-watch.ts';

const BYTE_ORDER_MARK = '\uFEFF';
const IDENTITY = /^\s*identity\s*$/i;
const CHARSET = /;\s*charset\s*=\s*(?:"([^"]*)"|([^\s;]*))/i;

/**
 * Bodies arrive as bytes: the drop-in door passes them on as they came, and the others need the source text of every
 * number. Only JSON is read; Fastify's own parsers, text/plain among them, are taken away. No body is uncompressed, of
 * multipart neither: a small one could grow without bound.
 */
export function addJsonBodies(app: FastifyInstance): void {
  app.addHook('preParsing', (request, _reply, _payload, done) => {
    const coding = request.headers['content-encoding'];
    done(coding === undefined || IDENTITY.test(coding) || !hasBody(request.raw) ? null : codingRefused());
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (!isUtf8Type(request.headers['content-type'] ?? '')) {
      return done(new GatewayError('unsupported_media_type', 'JSON must be UTF-8 (RFC 8259, section 8.1).'));
    }
    done(null, body);
  });
}

function codingRefused(): GatewayError {
  const detail = 'The header Content-Encoding must be left out, or be identity: send the body uncompressed.';
  // RFC 9110, 15.5.16: so that a client can tell it from a wrong content type.
  return new GatewayError('unsupported_media_type', detail, { headers: { 'accept-encoding': 'identity' } });
}

function isUtf8Type(contentType: string): boolean {
  const [, quoted, bare] = CHARSET.exec(contentType) ?? [];
  return /^utf-?8$/i.test(quoted ?? bare ?? 'utf-8');
}

/** The text of a JSON body. @throws GatewayError `invalid_request` if there is none, or it is not UTF-8. */
export function textOf(body: unknown): string {
  if (!Buffer.isBuffer(body) || body.length === 0) {
    throw invalidRequest([{ pointer: '', message: 'a JSON body is required' }]);
  }
  if (!isUtf8(body)) throw invalidRequest([{ pointer: '', message: 'must be UTF-8' }]);
  return withoutMark(body.toString('utf8'));
}

/** JSON without the byte order mark that some write before it; a reader may ignore one (RFC 8259, section 8.1). */
export function withoutMark(text: string): string {
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
}
