import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createTurnBatch } from '../kernel/turn-batch.ts';
import { type Answer, write } from './answer.ts';

type Handler = (request: FastifyRequest, reply: FastifyReply) => Answer | Promise<Answer>;

interface Task {
  readonly handler: Handler;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/**
 * Makes this a scope whose handlers say what to answer, or throw why not; it is written here. Such a handler, too, may
 * be `async`. Fastify would wait for one that writes its answer itself, with listeners on every answer. The requests of
 * one turn of the event loop that are whole are handled together, when it ends.
 */
export function writeAnswers(app: FastifyInstance): void {
  const gather = createTurnBatch(run);
  app.addHook('onRoute', (route) => {
    const handler = route.handler as unknown as Handler;
    route.handler = (request, reply) => {
      // Of a body that still comes in nothing must be missed.
      if (request.raw.complete) gather({ handler, request, reply });
      else run({ handler, request, reply });
    };
  });
}

function run({ handler, request, reply }: Task): void {
  try {
    const answer = handler(request, reply);
    if (answer instanceof Promise) {
      answer.then(
        (ready) => write(request, reply, ready),
        (error: unknown) => void reply.send(error),
      );
    } else write(request, reply, answer);
  } catch (error) {
    reply.send(error);
  }
}
