import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import { type Answer, write } from './answer.ts';

type Handler = (request: FastifyRequest, reply: FastifyReply) => Answer | Promise<Answer>;

/**
 * Makes this a scope whose handlers say what to answer, or throw why not; it is written here. Such a handler, too, may
 * be `async`. Fastify would wait for one that writes its answer itself, with listeners on every answer.
 */
export function writeAnswers(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    route.handler = writing(route.handler as unknown as Handler);
  });
}

function writing(handler: Handler): RouteHandlerMethod {
  return (request, reply) => {
    const answer = handler(request, reply);
    if (!(answer instanceof Promise)) return write(request, reply, answer);
    answer.then(
      (ready) => write(request, reply, ready),
      (error: unknown) => void reply.send(error),
    );
  };
}
