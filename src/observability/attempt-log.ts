import type { AttemptResult, Message } from '../delivery/message.ts';
import { traceIdOf } from '../kernel/trace-id.ts';
import { errorFields } from './error-fields.ts';
import type { Log } from './log.ts';

/**
 * One line for every attempt but the plain case: the line of a request that waited tells of its first attempt, if that
 * sent the message.
 */
export function createAttemptLog(log: Log): (message: Message, result: AttemptResult) => void {
  return (message, result) => {
    if (message.mode === 'sync' && message.attempts.length === 1 && result.kind === 'sent') return;
    const fields = {
      requestId: message.requestId,
      traceId: message.traceparent === null ? null : traceIdOf(message.traceparent),
      messageId: message.id,
      caller: message.caller,
      account: message.account,
      channel: message.channel,
      attempt: message.attempts.length,
      result: result.kind,
      upstreamStatus: result.upstream?.status ?? null,
      durationMs: Math.round(result.durationMs * 10) / 10,
      ...('error' in result && result.error !== undefined && errorFields(result.error)),
    };
    if (result.kind === 'sent') log.info(fields, 'attempt');
    else log.warn(fields, 'attempt');
  };
}
