import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { isAlwaysServed, type Overload } from './overload.ts';

/**
 * Answers requests on connections beyond the limit with the refusal, and ends those connections. Health checks come
 * through all the same. What is beyond even that, `maxConnections` closes.
 */
export function addConnectionCount(app: FastifyInstance, most: number, refusal: Overload['refusal']): void {
  const beyond = new WeakSet<Socket>();
  let open = 0;
  app.server.on('connection', (socket: Socket) => {
    open += 1;
    if (open > most) beyond.add(socket);
    socket.once('close', () => {
      open -= 1;
    });
  });
  app.addHook('onRequest', (request, reply, done) => {
    if (open <= most || !beyond.has(request.raw.socket) || isAlwaysServed(request.routeOptions.url)) return done();
    reply.header('connection', 'close');
    done(refusal());
  });
}
