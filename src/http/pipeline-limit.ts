import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Overload } from './overload.ts';

/**
 * Ends a connection on which more than `most` requests wait behind another one, and serves nothing that came after
 * them. Node stops reading only when answers pile up, not when requests do, and what it has read it hands on to the
 * last request; so to pause the connection would not do.
 */
export function addPipelineLimit(app: FastifyInstance, most: number, refusal: Overload['refusal']): void {
  const waiting = new WeakMap<Socket, number>();
  const ended = new WeakSet<Socket>();
  // Before Fastify's own listener, and not as a hook, since it answers malformed targets before all hooks.
  app.server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    // An answer has the socket as soon as it is its turn: of what does not wait nothing is counted.
    if (response.socket !== null) return;
    const count = (waiting.get(socket) ?? 0) + 1;
    waiting.set(socket, count);
    response.once('close', () => waiting.set(socket, (waiting.get(socket) ?? 1) - 1));
    if (count <= most) return;
    ended.add(socket);
    socket.destroy();
  });
  app.addHook('onRequest', (request, _reply, done) => {
    if (!ended.has(request.raw.socket)) return done();
    done(refusal());
  });
}
