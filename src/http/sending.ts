import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SpooledFile } from '../attachments/spool.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Draft, Message } from '../delivery/message.ts';
import { GatewayError, invalidRequest } from '../kernel/errors.ts';
import { parsePrefer } from './prefer.ts';

/** How long a plain request may wait for an attempt to start, in milliseconds. */
export function patienceOf(request: FastifyRequest, defaultMs: number): number {
  return parsePrefer(request.headers.prefer).waitMs ?? defaultMs;
}

/**
 * A key asks for a promise that must outlive a crash, and this version keeps none: better no answer than a false one.
 *
 * @throws GatewayError `invalid_request` if the request carries an `Idempotency-Key`.
 */
export function refuseIdempotencyKey(request: FastifyRequest): void {
  if (request.headers['idempotency-key'] === undefined) return;
  const message = 'the header Idempotency-Key is not offered yet: nothing was sent';
  throw invalidRequest([{ pointer: '', message }]);
}

/** Submits a draft and resolves with its final state. A caller that leaves takes back what has not been attempted. */
export async function deliver(
  request: FastifyRequest,
  reply: FastifyReply,
  delivery: Delivery,
  draft: Draft,
): Promise<Message> {
  const submission = delivery.submit(draft);
  request.context.message = submission.message;
  reply.raw.once('close', submission.withdraw);
  return submission.settled;
}

/** The error that a message's failure is to its caller. */
export function failureOf(message: Message): GatewayError {
  const { failure } = message;
  if (failure === null) throw new Error(`message ${message.id} has not failed`);
  const { code, outcome, detail, upstream, retryAfterMs } = failure;
  return new GatewayError(code, detail, {
    outcome,
    messageId: message.id,
    ...(upstream !== undefined && { upstream }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

export function jsonPayload(object: unknown) {
  return { kind: 'json', body: `{"data":${JSON.stringify(object)}}` } as const;
}

export function multipartPayload(data: string, files: readonly SpooledFile[]) {
  return { kind: 'multipart', data, files } as const;
}
