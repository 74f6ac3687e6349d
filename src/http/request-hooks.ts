import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayError } from '../kernel/errors.ts';
import { traceIdOf } from '../kernel/trace-id.ts';
import { errorFields } from '../observability/error-fields.ts';
import type { Log } from '../observability/log.ts';
import type { EndedRequest, RequestObserver } from '../observability/request-metrics.ts';
import { isAlwaysServed } from './overload.ts';
import { createRequestContext, type RequestContext, traceparentOf } from './request-context.ts';

export interface RequestHookOptions {
  readonly log: Log;
  /** Told of every request at its end, beside the log. */
  readonly requestEnded: RequestObserver;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Begins a request that Fastify answers before any hook: such a one is told of like any other. */
    beginRequest(request: FastifyRequest, reply: FastifyReply): void;
    /** Requests that are being worked on. An answer that its caller does not read is no work. */
    requestsInProgress(): number;
  }
}

/**
 * What every request gets, whatever it asks for: a context, the ids that join logs, echoed to the caller, and one log
 * line at its end. The line names routes, never URLs, which hold ids of others' systems and what callers mistype.
 */
export function addRequestHooks(app: FastifyInstance, { log, requestEnded }: RequestHookOptions): void {
  app.decorateRequest('context');
  app.decorateRequest('traceparent', '');

  const tell = (request: FastifyRequest, reply: FastifyReply) => {
    const ended: EndedRequest = {
      method: request.method,
      route: request.routeOptions.url ?? null,
      status: reply.statusCode,
      caller: request.context.caller?.name ?? null,
      durationMs: performance.now() - request.context.startedAt,
    };
    const fields = fieldsOf(request, reply, ended);
    if (isProbe(ended)) log.debug(fields, 'request');
    else if (ended.status >= 500) log.error(fields, 'request');
    else log.info(fields, 'request');
    requestEnded(ended);
  };
  let inProgress = 0;
  const end = (context: RequestContext) => {
    if (context.isInProgress) inProgress -= 1;
    context.isInProgress = false;
  };
  const begin = (request: FastifyRequest, reply: FastifyReply) => {
    const context = createRequestContext();
    request.context = context;
    inProgress += 1;
    request.traceparent = traceparentOf(request.raw);
    // Not on the raw answer: Node then checks and copies every other header of it one by one.
    reply.header('x-request-id', request.id);
    reply.header('traceparent', request.traceparent);
    // The one event that comes for every request, answered or left. What a caller left behind goes on to its end, and
    // is told then.
    reply.raw.on('close', () => {
      end(context);
      context.onClosed();
      if (reply.sent) tell(request, reply);
      else context.onAnswered = () => tell(request, reply);
    });
  };

  app.decorate('beginRequest', begin);
  app.decorate('requestsInProgress', () => inProgress);
  app.addHook('onRequest', (request, reply, done) => {
    begin(request, reply);
    done();
  });
  app.addHook('onSend', (request, _reply, _payload, done) => {
    end(request.context);
    done();
  });
}

/** Asked every second by some, they would hide everything else; what makes a gateway unready has lines of its own. */
function isProbe({ route, status }: EndedRequest): boolean {
  return isAlwaysServed(route ?? undefined) && (status === 200 || status === 503);
}

/** Undefined ones are left out. In one piece, since an object that grows field by field leaves its former selves behind. */
function fieldsOf(request: FastifyRequest, reply: FastifyReply, ended: EndedRequest) {
  const { message, error } = request.context;
  return {
    requestId: request.id,
    traceId: traceIdOf(request.traceparent),
    method: ended.method,
    route: ended.route,
    status: ended.status,
    durationMs: Math.round(ended.durationMs * 10) / 10,
    caller: ended.caller,
    callerLeft: reply.raw.writableFinished ? undefined : true,
    messageId: message?.id ?? error?.options.messageId,
    channel: message?.channel,
    stream: message?.stream,
    lane: message?.lane,
    state: message?.state,
    attempts: message?.attempts.length,
    replayed: reply.getHeader('idempotency-replayed') === undefined ? undefined : true,
    ...(error !== null && failureFields(error)),
  };
}

function failureFields(error: GatewayError) {
  return {
    code: error.code,
    outcome: error.outcome ?? null,
    upstreamStatus: error.options.upstream?.status ?? null,
    ...(error.cause !== undefined && errorFields(error.cause)),
  };
}
