import { type Fault, invalidRequest } from '../kernel/errors.ts';

const HOUR_MS = 3_600_000;
const FURTHEST_MS = 30 * 24 * HOUR_MS;

/**
 * The moments that a request states, in epoch milliseconds. A `sendAt` in the past means now (null); without an
 * `expiresAt` the message lives for `ttlHours` from its `sendAt`.
 *
 * @throws GatewayError `invalid_request` for a time too far ahead, or an end before the beginning.
 */
export function readTimes(
  request: { readonly sendAt?: string | undefined; readonly expiresAt?: string | undefined },
  now: number,
  ttlHours: number,
): { readonly sendAt: number | null; readonly expiresAt: number } {
  const faults: Fault[] = [];
  const stated = request.sendAt === undefined ? null : Date.parse(request.sendAt);
  const sendAt = stated !== null && stated > now ? stated : null;
  if (sendAt !== null && sendAt > now + FURTHEST_MS) {
    faults.push({ pointer: '/sendAt', message: 'must be at most 30 days ahead' });
  }
  const begins = sendAt ?? now;
  const expiresAt = request.expiresAt === undefined ? begins + ttlHours * HOUR_MS : Date.parse(request.expiresAt);
  if (expiresAt <= begins) faults.push({ pointer: '/expiresAt', message: 'must be later than now and than sendAt' });
  if (faults.length > 0) throw invalidRequest(faults);
  return { sendAt, expiresAt };
}
