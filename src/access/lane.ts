import { type Lane, lanes } from '../channels/channel.ts';
import { GatewayError } from '../kernel/errors.ts';
import type { Caller } from './caller.ts';
import type { ResolvedStream } from './streams.ts';

/** Whether lane `a` goes before lane `b`. */
export function isHigher(a: Lane, b: Lane): boolean {
  return lanes.indexOf(a) < lanes.indexOf(b);
}

/** What a caller without a `defaultLane` gets: `normal`, unless its highest lane is lower. */
export function impliedLane(highest: Lane): Lane {
  return isHigher('normal', highest) ? highest : 'normal';
}

/**
 * The lane of one message: the requested one, else the stream's, else the caller's default.
 *
 * The stream's lane may be above the caller's highest: that limit is on what a caller asks for, while the stream's
 * lane is what the operator decided for everyone who may use the stream (an `alerts` stream that is `critical`).
 *
 * @param header the header that asked for it, if no field did
 * @throws GatewayError `forbidden` for a requested lane above the caller's highest, whatever the stream's lane.
 */
export function resolveLane(
  caller: Caller,
  stream: ResolvedStream,
  requested: Lane | undefined,
  header: string | null = null,
): Lane {
  if (requested === undefined) return stream.lane ?? caller.defaultLane;
  if (!isHigher(requested, caller.highestLane)) return requested;
  const highest = `the highest lane that this caller may ask for is ${caller.highestLane}`;
  const [place, message] = header === null ? ['/lane', highest] : ['', `the header ${header}: ${highest}`];
  const detail = place === '' ? message : `${place}: ${message}`;
  throw new GatewayError('forbidden', detail, { faults: [{ pointer: place, message }] });
}
