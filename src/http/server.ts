import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Clock } from '../kernel/clock.ts';
import { invalidRequest } from '../kernel/errors.ts';
import { watchAnswers } from './answer-watch.ts';
import { watchBodies } from './body-watch.ts';
import { type ConnectionLimits, defaultConnectionLimits } from './connection-limits.ts';
import { createSendProblem, toGatewayError } from './errors.ts';
import { createOutbox } from './outbox.ts';
import { createRefuse, type Refuse, type Refused } from './refusals.ts';
import { requestIdOf } from './request-context.ts';
import { answerBeforeEnd, endUpload, isStillSending } from './unread-upload.ts';

export interface ServerOptions {
  /** Bytes of a JSON body. */
  readonly bodyLimit: number;
  /** Addresses and CIDRs whose `X-Forwarded-For` is believed. */
  readonly trustProxy: readonly string[];
  readonly clock: Clock;
  /** Default: {@link defaultConnectionLimits}. */
  readonly connectionLimits?: ConnectionLimits;
  /** Told of every answer to what never became a request, and so has no log line. */
  readonly onRefused?: (refused: Refused) => void;
}

// A stream id of 255 characters can be three bytes each in UTF-8, and nine characters when percent-encoded.
const LONGEST_PATH_PARAMETER = 255 * 9;

/** Node's own default, stated because callers may rely on it. */
const MOST_HEADER_BYTES = 16 * 1024;

/** Fastify as the gateway needs it: no logger of its own, no coercion, ids taken over, every failure a problem. */
export function createServer(options: ServerOptions): FastifyInstance {
  const { bodyLimit, trustProxy, clock, connectionLimits: limits = defaultConnectionLimits } = options;
  const sendProblem = createSendProblem(clock);
  let refuse: Refuse = (_, socket) => void socket.destroy();
  const app = Fastify({
    logger: false,
    bodyLimit,
    trustProxy: trustProxy.length > 0 ? [...trustProxy] : false,
    requestIdHeader: false,
    genReqId: requestIdOf,
    routerOptions: { maxParamLength: LONGEST_PATH_PARAMETER },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    keepAliveTimeout: limits.idleMs,
    http: {
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: limits.checkMs,
      maxHeaderSize: MOST_HEADER_BYTES,
      // Node would answer without a body; the hook below does better.
      requireHostHeader: false,
    },
    frameworkErrors: (error, request, reply) => {
      // Fastify meets these before any hook.
      request.server.beginRequest(request, reply);
      sendProblem(request, reply, toGatewayError(error));
      endUpload(request.raw, clock);
    },
    clientErrorHandler: (error, socket) => refuse(error, socket),
  });
  app.decorate('outbox', createOutbox());
  const { server } = app;
  refuse = createRefuse(server, clock, options.onRefused ?? (() => {}));
  watchBodies(server, limits, clock, ({ socket }) => refuse({ code: 'ERR_HTTP_REQUEST_TIMEOUT' }, socket));
  watchAnswers(server, limits, clock);
  server.on('connect', (_: IncomingMessage, socket: Socket) => refuse({ code: 'CONNECT' }, socket));
  // Node would answer 417 without a body; a server may as well ignore what it does not know (RFC 9110, 10.1.1).
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    server.emit('request', request, response);
  });
  server.maxConnections = limits.connections + Math.ceil(limits.connections / 4);

  // Requests are validated by the handlers, with every fault named; Fastify's own validator drops and coerces.
  app.setValidatorCompiler(() => () => true);
  app.addHook('onRequest', (request, reply, done) => {
    if (hasOneHost(request.raw)) return done();
    request.server.beginRequest(request, reply);
    const message = 'exactly one Host header is required (RFC 9112, 3.2)';
    sendProblem(request, reply, invalidRequest([{ pointer: '', message }]));
  });
  app.addHook('onSend', (request, reply, _payload, done) => {
    if (isStillSending(request.raw)) {
      answerBeforeEnd(request, reply);
      endUpload(request.raw, clock);
    }
    done();
  });
  return app;
}

function hasOneHost({ httpVersionMinor, rawHeaders }: IncomingMessage): boolean {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts === 1 || (hosts === 0 && httpVersionMinor === 0);
}
