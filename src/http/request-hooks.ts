import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errorFields } from '../observability/error-fields.ts';
import type { Log } from '../observability/log.ts';
import { createRequestContext, traceparentOf } from './request-context.ts';

/**
 * What every request gets, whatever it asks for: a context, the ids that join logs, echoed to the caller, and one log
 * line at its end. The line names routes, never URLs, which hold ids of others' systems and what callers mistype.
 */
export function addRequestHooks(app: FastifyInstance, log: Log): void {
  app.decorateRequest('context');
  app.decorateRequest('traceparent', '');

  app.addHook('onRequest', (request, reply, done) => {
    const context = createRequestContext();
    request.context = context;
    request.traceparent = traceparentOf(request.raw);
    echoIds(reply, request.id, request.traceparent);
    // The one event that comes for every request, answered or left. What a caller left behind goes on to its end, and
    // is logged then.
    reply.raw.once('close', () => {
      context.onClosed();
      if (reply.sent) logRequest(request, reply, log);
      else context.onAnswered = () => logRequest(request, reply, log);
    });
    done();
  });
}

/** Tells the caller the ids under which its request is logged. */
export function echoIds(reply: FastifyReply, requestId: string, traceparent: string): void {
  reply.raw.setHeader('x-request-id', requestId);
  reply.raw.setHeader('traceparent', traceparent);
}

function logRequest(request: FastifyRequest, reply: FastifyReply, log: Log): void {
  const { caller, message, error } = request.context;
  const fields: Record<string, unknown> = {
    requestId: request.id,
    traceId: request.traceparent.slice(3, 35),
    method: request.method,
    route: request.routeOptions.url ?? null,
    status: reply.statusCode,
    durationMs: Math.round(reply.elapsedTime * 10) / 10,
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
  if (error !== null) {
    fields['code'] = error.code;
    fields['outcome'] = error.outcome ?? null;
    fields['upstreamStatus'] = error.options.upstream?.status ?? null;
    if (error.cause !== undefined) Object.assign(fields, errorFields(error.cause));
  }
  if (reply.statusCode >= 500) log.error(fields, 'request');
  else log.info(fields, 'request');
}
