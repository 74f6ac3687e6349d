import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { discardRest } from '../attachments/request-body.ts';
import type { Clock } from '../kernel/clock.ts';
import { GatewayError } from '../kernel/errors.ts';
import { sendProblem, toGatewayError } from './errors.ts';
import { PROBLEM_TYPE, problemOf } from './problem.ts';
import { requestIdOf } from './request-context.ts';

export interface ServerOptions {
  /** Bytes of a JSON body. */
  readonly bodyLimit: number;
  /** Addresses and CIDRs whose `X-Forwarded-For` is believed. */
  readonly trustProxy: readonly string[];
  readonly clock: Clock;
}

// A stream id of 255 characters can be three bytes each in UTF-8, and nine characters when percent-encoded.
const LONGEST_PATH_PARAMETER = 255 * 9;

/** Fastify as the gateway needs it: no logger of its own, no coercion, ids taken over, every failure a problem. */
export function createServer({ bodyLimit, trustProxy, clock }: ServerOptions): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit,
    trustProxy: trustProxy.length > 0 ? [...trustProxy] : false,
    requestIdHeader: false,
    genReqId: requestIdOf,
    routerOptions: { maxParamLength: LONGEST_PATH_PARAMETER },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      // Fastify meets these before any hook.
      request.server.beginRequest(request, reply);
      sendProblem(request, reply, toGatewayError(error));
    },
    clientErrorHandler: answerUnreadable,
  });
  // Requests are validated by the handlers, with every fault named; Fastify's own validator drops and coerces.
  app.setValidatorCompiler(() => () => true);
  app.addHook('onSend', (request, reply, _payload, done) => {
    // Fastify would close at once, and the reset that a caller still writing gets can overtake its answer.
    if (reply.statusCode === 413 && !request.raw.complete) {
      reply.removeHeader('connection');
      discardRest(request.raw, clock);
    }
    done();
  });
  return app;
}

/** Answers bytes that are no HTTP request, on the bare socket. */
function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const isTooLarge = error.code === 'HPE_HEADER_OVERFLOW';
  const isTimeout = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const [status, reason] = isTooLarge
    ? ['431 Request Header Fields Too Large', 'The headers of the request are too large.']
    : isTimeout
      ? ['408 Request Timeout', 'The request did not arrive in time.']
      : ['400 Bad Request', 'The request is not valid HTTP.'];
  const problem = problemOf(new GatewayError('invalid_request', reason), requestIdOf({ headers: {} }));
  const body = JSON.stringify({ ...problem, status: Number.parseInt(status, 10) });
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
