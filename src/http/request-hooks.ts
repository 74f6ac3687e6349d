import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { traceIdOf } from '../kernel/trace-id.ts';
import { errorFields } from '../observability/error-fields.ts';
import type { Log } from '../observability/log.ts';
import type { RequestObserver } from '../observability/request-metrics.ts';
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
    const route = request.routeOptions.url ?? null;
    logRequest(request, reply, route, log);
    requestEnded({
      method: request.method,
      route,
      status: reply.statusCode,
      caller: request.context.caller?.name ?? null,
      durationMs: performance.now() - request.context.startedAt,
    });
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
    reply.raw.once('close', () => {
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

function logRequest(request: FastifyRequest, reply: FastifyReply, route: string | null, log: Log): void {
  const { caller, message, error } = request.context;
  const fields: Record<string, unknown> = {
    requestId: request.id,
    traceId: traceIdOf(request.traceparent),
    method: request.method,
    route,
    status: reply.statusCode,
    durationMs: Math.round((performance.now() - request.context.startedAt) * 10) / 10,
    caller: caller?.name ?? null,
  };
  if (!reply.raw.writableFinished) fields['callerLeft'] = true;
  if (message !== null) {
    fields['messageId'] = message.id;
    fields['channel'] = message.channel;
    fields['stream'] = message.stream;
    fields['lane'] = message.lane;
    fields['state'] = message.state;
    fields['attempts'] = message.attempts.length;
  }
  if (reply.getHeader('idempotency-replayed') !== undefined) fields['replayed'] = true;
  if (error !== null) {
    fields['messageId'] ??= error.options.messageId;
    fields['code'] = error.code;
    fields['outcome'] = error.outcome ?? null;
    fields['upstreamStatus'] = error.options.upstream?.status ?? null;
    if (error.cause !== undefined) Object.assign(fields, errorFields(error.cause));
  }
  if (reply.statusCode >= 500) log.error(fields, 'request');
  else log.info(fields, 'request');
}
