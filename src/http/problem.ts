import { errorKinds, type GatewayError } from '../kernel/errors.ts';

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** An error as RFC 9457 problem details. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly outcome?: string;
  readonly requestId: string;
  readonly messageId?: string;
  readonly errors?: readonly { pointer: string; message: string }[];
  readonly upstream?: { status: number; description: string | null };
}

/** The body of an error's answer. `type` is a URN that names the code (RFC 9457, 3.1.1). */
export function problemOf(error: GatewayError, requestId: string): Problem {
  const { faults, upstream, messageId } = error.options;
  return {
    type: `urn:commbox-gateway:problem:${error.code}`,
    title: errorKinds[error.code].title,
    status: error.status,
    detail: error.message,
    code: error.code,
    ...(error.outcome !== undefined && { outcome: error.outcome }),
    requestId,
    ...(messageId !== undefined && { messageId }),
    ...(faults !== undefined && { errors: faults }),
    ...(upstream !== undefined && { upstream }),
  };
}

/** The headers that an error brings along. */
export function problemHeaders(error: GatewayError): Record<string, string> {
  const { headers, retryAfterMs } = error.options;
  return {
    ...headers,
    // A 401 must name a scheme (RFC 9110, 11.6.1).
    ...(error.status === 401 && { 'www-authenticate': 'Bearer' }),
    ...(retryAfterMs !== undefined && { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) }),
  };
}
