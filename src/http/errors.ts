import type { FastifyReply, FastifyRequest } from 'fastify';
import { CallerDisconnected } from '../attachments/request-body.ts';
import type { Clock } from '../kernel/clock.ts';
import { GatewayError, invalidRequest } from '../kernel/errors.ts';
import { AttachmentDamaged, StorageUnavailable } from '../store/errors.ts';
import { problemAnswer, write } from './answer.ts';
import { dropInProblem, isDropInTarget } from './drop-in-problem.ts';

/** Answers with an error's problem document, in the form that fits who asks. */
export type SendProblem = (request: FastifyRequest, reply: FastifyReply, error: GatewayError) => void;

export function createSendProblem(clock: Clock): SendProblem {
  return (request, reply, error) => {
    // Not `url` of Fastify's: that is what it made of the target.
    const { id, raw } = request;
    const isDropIn = isDropInTarget(raw.url ?? '');
    write(request, reply, isDropIn ? dropInProblem(error, id, clock.now()) : problemAnswer(error, id));
  };
}

/** What was thrown, as an error that a caller may see. Everything unforeseen is a bug and tells nothing. */
export function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  if (thrown instanceof StorageUnavailable) {
    const detail = 'The store is out of reach now.';
    return new GatewayError('storage_unavailable', detail, { retryAfterMs: 5_000, cause: thrown });
  }
  if (thrown instanceof AttachmentDamaged) {
    const detail = 'An attachment could not be stored as it was received, so the message was not accepted.';
    return new GatewayError('storage_unavailable', detail, { retryAfterMs: 5_000, cause: thrown });
  }
  if (thrown instanceof CallerDisconnected) {
    return new GatewayError('invalid_request', 'The request ended before it was complete.', { cause: thrown });
  }
  const { code, statusCode } = (thrown ?? {}) as { code?: unknown; statusCode?: unknown };
  switch (code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new GatewayError('unsupported_media_type', 'Send application/json, or at e-mail multipart/form-data.');
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new GatewayError(
        'payload_too_large',
        'The JSON body is larger than BODY_LIMIT allows. Send e-mail attachments as multipart/form-data instead.',
      );
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return invalidRequest([{ pointer: '', message: 'the body does not have the length that Content-Length states' }]);
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new GatewayError('invalid_request', 'The path of the request is not valid.');
    case 'FST_ERR_ASYNC_CONSTRAINT':
      return new GatewayError('not_found', 'There is no such route.');
  }
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new GatewayError('invalid_request', 'The request could not be read.', { cause: thrown });
  }
  return new GatewayError('internal_error', 'A fault in the gateway. Its log names this requestId.', { cause: thrown });
}
