import type { IncomingMessage } from 'node:http';
import { type Fault, type GatewayError, invalidRequest } from '../kernel/errors.ts';

/**
 * Headers with one value that decide what is done with a request. Of some Node keeps the first line, others it joins to
 * one value: either way a repeated one would mean what nobody wrote. `traceparent` and `X-Request-Id` are not among them:
 * what is not well formed there is replaced (W3C Trace Context, 3.2).
 */
const SINGLE = ['Authorization', 'X-API-Key', 'Idempotency-Key', 'Content-Type', 'Gateway-Lane'] as const;
const names = new Map<string, string>(SINGLE.map((name) => [name.toLowerCase(), name]));

type Headers = Pick<IncomingMessage, 'headers' | 'rawHeaders'>;

/** An `invalid_request` that names the headers of {@link SINGLE} that came on several lines; null if none did. */
export function repeatedHeaders(request: Headers): GatewayError | null {
  const { headers, rawHeaders } = request;
  // As many names as lines: none is repeated, which is nearly always so.
  if (Object.keys(headers).length * 2 === rawHeaders.length) return null;
  const faults = faultsOf(rawHeaders);
  return faults.length === 0 ? null : invalidRequest(faults);
}

function faultsOf(rawHeaders: readonly string[]): Fault[] {
  const lines = new Map<string, number>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = names.get((rawHeaders[index] ?? '').toLowerCase());
    if (name !== undefined) lines.set(name, (lines.get(name) ?? 0) + 1);
  }
  const repeated = [...lines].filter(([, count]) => count > 1);
  return repeated.map(([name]) => ({ pointer: '', message: `the header ${name} must be given once` }));
}
