import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { type Clock, sleep } from '../kernel/clock.ts';
import { endWithUpload, isStillSending } from './unread-upload.ts';

/** The end of the listener: from its first call on, every answer ends its connection. */
export interface Closing {
  /** Answers say from now on that their connection ends. New requests are still served. */
  begin(): void;
  /** Gives the answers on their way a second, then takes no new connection. Resolves when all are closed. */
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
const LOOK_EVERY_MS = 20;

/** Register after the request hooks, before the routes. */
export function addClosing(app: FastifyInstance, clock: Clock): void {
  let isClosing = false;
  let finished: Promise<void> = Promise.resolve();
  let closed: Promise<void> = Promise.resolve();
  /** Since the closing began. */
  const onTheirWay = new Set<ServerResponse>();

  // As the answer goes out, not as the request comes in: who waited since before then would keep its connection, and
  // Node waits for that.
  app.addHook('onSend', ({ raw }, reply, _payload, done) => {
    if (isClosing) {
      if (isStillSending(raw)) endWithUpload(raw, reply.raw);
      else reply.header('connection', 'close');
      follow(reply.raw);
    }
    done();
  });

  const follow = (answer: ServerResponse) => {
    if (answer.closed) return;
    onTheirWay.add(answer);
    answer.once('close', () => onTheirWay.delete(answer));
  };

  const finishAnswers = async () => {
    const endsAt = clock.monotonic() + LAST_ANSWERS_MS;
    while (onTheirWay.size > 0 && clock.monotonic() < endsAt) await sleep(clock, LOOK_EVERY_MS);
  };

  app.decorate('closing', {
    begin() {
      isClosing = true;
    },
    shut() {
      // With the listener Node ends what it takes for idle connections: also those whose answer is only half out.
      finished = finishAnswers();
      closed = finished.then(() => app.close());
      return closed;
    },
    async cut() {
      await finished;
      const isOver = new AbortController();
      await Promise.race([closed, sleep(clock, LAST_ANSWERS_MS, isOver.signal).catch(() => undefined)]);
      isOver.abort();
      app.server.closeAllConnections();
    },
  });
}
