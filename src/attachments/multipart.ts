import type { FastifyRequest } from 'fastify';
import type { Clock } from '../kernel/clock.ts';
import { GatewayError } from '../kernel/errors.ts';
import { parseParameters } from './header-parameters.ts';
import { createByteBudget, type MultipartLimits, payloadTooLarge } from './limits.ts';
import { brokenMultipart, parseMultipart } from './multipart-parser.ts';
import { createPartCollector, type Multipart } from './part-collector.ts';
import { discardRest, readBody } from './request-body.ts';
import type { Spool } from './spool.ts';

export interface MultipartOptions {
  readonly spool: Spool;
  readonly limits: MultipartLimits;
  readonly clock: Clock;
}

// Boundaries, part headers, preamble and epilogue of an honest request take a small part of this.
const OVERHEAD_BYTES = 256 * 1024;

/**
 * Receives a `multipart/form-data` request: `data` into memory, files into the spool. Needs a Fastify content type
 * parser that leaves the body unread, as `@fastify/multipart` registers one.
 *
 * Rejects with a GatewayError: 400 (a part unknown, missing, repeated or broken), 413 as soon as a limit is passed,
 * 415, 503 `storage_unavailable`; or with `CallerDisconnected`, which needs no answer. After any of them nothing is
 * left in the spool, and the connection is closed soon if the caller does not stop sending.
 */
export async function receiveMultipart(
  request: Pick<FastifyRequest, 'raw'>,
  options: MultipartOptions,
): Promise<Multipart> {
  const { raw } = request;
  const collector = createPartCollector(options.spool, options.limits);
  try {
    const boundary = boundaryOf(raw.headers['content-type'] ?? '');
    const total = options.limits.attachmentBytes + options.limits.dataBytes + OVERHEAD_BYTES;
    const budget = createByteBudget(total, () => tooLarge(total));
    if (Number(raw.headers['content-length'] ?? 0) > total) throw tooLarge(total);
    for await (const part of parseMultipart(readBody(raw, budget), boundary)) await collector.accept(part);
    return collector.finish();
  } catch (error) {
    // What cannot be removed now is swept at the next start; the caller must learn the first cause.
    await collector.discard().catch(() => undefined);
    discardRest(raw, options.clock);
    throw error;
  }
}

function tooLarge(total: number): GatewayError {
  return payloadTooLarge('', `a multipart request may have at most ${total} bytes (ATTACHMENT_LIMIT and BODY_LIMIT)`);
}

function boundaryOf(contentType: string): string {
  const parsed = parseParameters(contentType);
  if (!/^multipart\/form-data\s*(;|$)/i.test(contentType)) {
    throw new GatewayError('unsupported_media_type', 'the content type must be multipart/form-data');
  }
  const boundary = parsed?.parameters.get('boundary') ?? '';
  // RFC 2046, 5.1.1, gives the length; of the characters only those are refused that could not stand in a line.
  if (!/^[\x20-\x7e]{0,69}[\x21-\x7e]$/.test(boundary)) {
    throw brokenMultipart('multipart/form-data needs a parameter "boundary" of 1 to 70 printable characters');
  }
  return boundary;
}
