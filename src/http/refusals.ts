import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../kernel/clock.ts';
import { type ErrorCode, GatewayError } from '../kernel/errors.ts';
import { traceIdOf } from '../kernel/trace-id.ts';
import { dropInExtras, isDropInTarget } from './drop-in-problem.ts';
import { PROBLEM_TYPE, type Problem, problemOf } from './problem.ts';
import { requestIdOf, traceparentOf } from './request-context.ts';

/** An answer to what never became a request. */
interface Refusal {
  readonly status: `${number} ${string}`;
  readonly code: ErrorCode;
  readonly detail: string;
}

const refusals: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    code: 'invalid_request',
    detail: 'The headers of the request are too large.',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: '413 Content Too Large',
    code: 'payload_too_large',
    detail: 'The chunk extensions of the request are too large.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    code: 'invalid_request',
    detail: 'The request did not arrive in time.',
  },
  CONNECT: {
    status: '405 Method Not Allowed',
    code: 'method_not_allowed',
    detail: 'This server is no proxy.',
  },
};
const unreadable: Refusal = {
  status: '400 Bad Request',
  code: 'invalid_request',
  detail: 'The request is not valid HTTP.',
};

const NO_HEADERS = { headers: {} };
const NO_EXTRAS = { members: {}, headers: {} };

/** How long the other side may go on sending after it was refused: a reset at once could overtake the answer. */
const LINGER_MS = 2_000;

/** What is told of an answer to what never became a request. Ids as in its headers. */
export interface Refused {
  readonly requestId: string;
  readonly traceId: string;
  readonly status: number;
  readonly code: ErrorCode;
  /** What was wrong, by the name that Node has for it. */
  readonly cause: string | null;
}

/** Ends a connection with a problem document for what arrived on it and cannot be served. */
export type Refuse = (error: { readonly code?: string }, socket: Socket) => void;

/**
 * Answers, on the bare socket, bytes that are no HTTP request and requests that do not arrive. What is owed to an
 * earlier request of the same connection comes first: the next bytes on the wire are always taken for its answer, and
 * `not_sent` would be a lie about a message that is on its way.
 */
export function createRefuse(server: Server, clock: Clock, onRefused: (refused: Refused) => void): Refuse {
  const latest = new WeakMap<Socket, ServerResponse>();
  const refused = new WeakSet<Socket>();
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    latest.set(request.socket, response);
  });

  /** @param target of the request that is at fault, where its head was read */
  const end = (socket: Socket, refusal: Refusal, cause: string | null, target = '') => {
    if (!socket.writable) return void socket.destroy();
    const [requestId, traceparent] = [requestIdOf(NO_HEADERS), traceparentOf(NO_HEADERS)];
    const { code, detail } = refusal;
    const error = new GatewayError(code, detail);
    const extras = isDropInTarget(target) ? dropInExtras(error, clock.now()) : NO_EXTRAS;
    socket.end(
      bytesOf(refusal, { ...problemOf(error, requestId), ...extras.members }, { traceparent, ...extras.headers }),
    );
    onRefused({ requestId, traceId: traceIdOf(traceparent), status: statusOf(refusal), code, cause });
    const cancel = clock.schedule(LINGER_MS, () => socket.destroy());
    socket.once('close', cancel);
  };

  return (error, socket) => {
    // The parser goes on complaining about whatever else arrives.
    if (refused.has(socket)) return;
    refused.add(socket);
    if (error.code === 'ECONNRESET') return void socket.destroy();
    const cause = error.code ?? null;
    const refusal = refusals[cause ?? ''] ?? unreadable;
    const response = latest.get(socket);
    if (response === undefined || response.writableFinished) return end(socket, refusal, cause);
    if (response.req.complete) return void response.once('close', () => end(socket, refusal, cause));
    // The body of the latest request is at fault. If it is its turn, this is its answer.
    if (response.socket === socket && !response.headersSent) return end(socket, refusal, cause, response.req.url);
    socket.destroy();
  };
}

const statusOf = ({ status }: Refusal) => Number.parseInt(status, 10);

function bytesOf(refusal: Refusal, problem: Problem, extra: Readonly<Record<string, string>>): string {
  const { status, code } = refusal;
  const body = JSON.stringify({ ...problem, status: statusOf(refusal) });
  const headers = [
    `HTTP/1.1 ${status}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${problem.requestId}`,
    ...Object.entries(extra).map(([name, value]) => `${name}: ${value}`),
    ...(code === 'method_not_allowed' ? ['Allow: GET, POST'] : []),
    'Connection: close',
  ];
  return `${headers.join('\r\n')}\r\n\r\n${body}`;
}
