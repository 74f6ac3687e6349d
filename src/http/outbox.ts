import type { FastifyReply, FastifyRequest } from 'fastify';
import { createTurnBatch } from '../kernel/turn-batch.ts';
import type { Answer } from './answer.ts';

interface Letter {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly answer: Answer;
}

declare module 'fastify' {
  interface FastifyInstance {
    outbox: Outbox;
  }
}

/**
 * Answers on their way out. Those of one turn of the event loop leave together at its end: every write wakes whoever
 * reads it, unless it is awake because of the one before, and waking costs more than all the rest of a write. Whoever
 * is alone waits for nothing, since the turn ends at once.
 */
export interface Outbox {
  post(letter: Letter): void;
}

export function createOutbox(): Outbox {
  return { post: createTurnBatch(send) };
}

function send({ request, reply, answer }: Letter): void {
  request.context.error = answer.error;
  try {
    reply.code(answer.status).headers(answer.headers).send(answer.body);
  } catch (error) {
    // What cannot be written must not keep the others from being.
    reply.send(error);
  }
  request.context.onAnswered();
}
