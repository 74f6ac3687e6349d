import type { Fault } from '../kernel/errors.ts';
import { satisfiesFormat } from '../kernel/formats.ts';

const HOUR_MS = 3_600_000;
const FURTHEST_MS = 30 * 24 * HOUR_MS;

interface StatedTimes {
  readonly sendAt?: unknown;
  readonly expiresAt?: unknown;
}

/** A time too far ahead, an end before the beginning. Says nothing of a text that is no time: the schema does. */
export function timeFaults(request: StatedTimes, now: number): Fault[] {
  const faults: Fault[] = [];
  const sendAt = futureOf(momentOf(request.sendAt), now);
  const expiresAt = momentOf(request.expiresAt);
  if (sendAt !== null && sendAt > now + FURTHEST_MS) {
    faults.push({ pointer: '/sendAt', message: 'must be at most 30 days ahead' });
  }
  if (expiresAt !== null && expiresAt <= (sendAt ?? now)) {
    faults.push({ pointer: '/expiresAt', message: 'must be later than now and than sendAt' });
  }
  return faults;
}

/**
 * The moments that a request without {@link timeFaults} states, in epoch milliseconds. A `sendAt` in the past means
 * now (null); without an `expiresAt` the message lives for `ttlHours` from its `sendAt`.
 */
export function readTimes(
  request: StatedTimes,
  now: number,
  ttlHours: number,
): { readonly sendAt: number | null; readonly expiresAt: number } {
  const sendAt = futureOf(momentOf(request.sendAt), now);
  return { sendAt, expiresAt: momentOf(request.expiresAt) ?? (sendAt ?? now) + ttlHours * HOUR_MS };
}

function momentOf(stated: unknown): number | null {
  return typeof stated === 'string' && satisfiesFormat('date-time', stated) ? Date.parse(stated) : null;
}

function futureOf(moment: number | null, now: number): number | null {
  return moment !== null && moment > now ? moment : null;
}
