import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { discardRest } from '../attachments/request-body.ts';
import type { Clock } from '../kernel/clock.ts';
import { hasBody } from './body-watch.ts';

/** Whether the caller may still be sending its body. */
export function isStillSending(raw: IncomingMessage): boolean {
  return !raw.complete && hasBody(raw);
}

/** Reads on for a moment after the answer, but not for ever: Node alone would take in whatever comes. */
export function endUpload(raw: IncomingMessage, clock: Clock): void {
  if (isStillSending(raw)) discardRest(raw, clock);
}

/**
 * Lets the answer go out while the caller is still sending, and ends the connection only behind that, whoever wanted it
 * to be ended: the reset that a caller still writing gets can overtake its answer.
 */
export function answerBeforeEnd({ raw }: FastifyRequest, reply: FastifyReply): void {
  reply.removeHeader('connection');
  if (!reply.raw.shouldKeepAlive) endWithUpload(raw, reply.raw);
}

/** Instead of `Connection: close`, which Node obeys as soon as it has written the answer. */
export function endWithUpload(raw: IncomingMessage, answer: ServerResponse): void {
  answer.shouldKeepAlive = true;
  raw.once('end', () => raw.socket.end());
}
