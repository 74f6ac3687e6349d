import type { FastifyInstance } from 'fastify';
import { type Clock, sleep } from '../kernel/clock.ts';

/** The end of the listener: from its first call on, every answer ends its connection. */
export interface Closing {
  /** Answers say from now on that their connection ends. New requests are still served. */
  begin(): void;
  /** Takes no new connection. Resolves when all are closed. */
  shut(): Promise<void>;
  /**
   * Gives the answers on their way a second, then ends whatever is still open: connections that never sent a request,
   * half a one, or a body that nobody will read.
   */
  cut(): Promise<void>;
}

declare module 'fastify' {
  interface FastifyInstance {
    closing: Closing;
  }
}

const LAST_ANSWERS_MS = 1_000;

/** Register after the request hooks, before the routes. */
export function addClosing(app: FastifyInstance, clock: Clock): void {
  let isClosing = false;
  let closed: Promise<void> = Promise.resolve();

  // As the answer goes out, not as the request comes in: who waited since before then would keep its connection, and
  // Node waits for that.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (isClosing) reply.header('connection', 'close');
    done();
  });

  app.decorate('closing', {
    begin() {
      isClosing = true;
    },
    shut() {
      closed = Promise.resolve(app.close());
      return closed;
    },
    async cut() {
      const isOver = new AbortController();
      await Promise.race([closed, sleep(clock, LAST_ANSWERS_MS, isOver.signal).catch(() => undefined)]);
      isOver.abort();
      app.server.closeAllConnections();
    },
  });
}
