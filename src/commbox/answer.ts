import { isUtf8 } from 'node:buffer';
import type { UpstreamAnswer } from '../kernel/errors.ts';

/** What an HTTP answer of CommBox means for the message. */
export type Verdict =
  | { readonly kind: 'sent'; readonly objectId: string | null; readonly upstream: UpstreamAnswer }
  | { readonly kind: 'throttled'; readonly upstream: UpstreamAnswer }
  | { readonly kind: 'unauthorized'; readonly upstream: UpstreamAnswer }
  | { readonly kind: 'stream_not_found'; readonly upstream: UpstreamAnswer }
  | { readonly kind: 'rejected'; readonly upstream: UpstreamAnswer }
  /** CommBox may or may not have created the object. */
  | { readonly kind: 'unclear'; readonly upstream: UpstreamAnswer };

/** Longest description taken over from CommBox, in UTF-16 units. */
const LONGEST_DESCRIPTION = 500;

/**
 * Reads an answer by one rule: the HTTP status counts unless it is 2xx; then the envelope's `status` counts, given as
 * a number or as digits (missing or anything else: the HTTP one). Nothing about the body is trusted.
 *
 * @param sendsToClient the message was sent with `sendToClient: true`, where CommBox saves nothing and owes no id.
 */
export function judgeAnswer(httpStatus: number, body: Buffer, sendsToClient: boolean): Verdict {
  const envelope = readEnvelope(body);
  const isSuccess = httpStatus >= 200 && httpStatus < 300;
  const status = isSuccess ? (statusOf(envelope) ?? httpStatus) : httpStatus;
  // A number of any size may be anything, a phone number too, and what is told of a status goes into logs.
  const upstream = { status: status >= 100 && status <= 999 ? status : httpStatus, description: describe(envelope) };

  if (status >= 200 && status < 300) {
    if (envelope === null) return { kind: 'unclear', upstream };
    const objectId = objectIdOf(envelope, body);
    return objectId !== null || sendsToClient ? { kind: 'sent', objectId, upstream } : { kind: 'unclear', upstream };
  }
  if (status === 429) return { kind: 'throttled', upstream };
  if (status === 401 || status === 403) return { kind: 'unauthorized', upstream };
  if (status === 404) return { kind: 'stream_not_found', upstream };
  // 408: the server gave up reading, but what it did with the part it read is anyone's guess.
  if (status >= 400 && status < 500 && status !== 408) return { kind: 'rejected', upstream };
  return { kind: 'unclear', upstream };
}

type Envelope = Record<string, unknown>;

function isRecord(value: unknown): value is Envelope {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readEnvelope(body: Buffer): Envelope | null {
  if (body.length === 0 || !isUtf8(body)) return null;
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function statusOf(envelope: Envelope | null): number | null {
  const status = envelope?.['status'];
  if (typeof status === 'number') return status;
  return typeof status === 'string' && /^\d{1,9}$/.test(status) ? Number(status) : null;
}

function describe(envelope: Envelope | null): string | null {
  const description = envelope?.['description'];
  if (typeof description !== 'string') return null;
  return description.slice(0, LONGEST_DESCRIPTION).replace(/\p{Cc}+/gu, ' ');
}

/** Digits of `data.id` or `data.Id`; ids are int64, so digits beyond 2^53 are taken from the source text. */
function objectIdOf(envelope: Envelope, body: Buffer): string | null {
  const data = envelope['data'];
  if (!isRecord(data)) return null;
  for (const member of ['id', 'Id']) {
    const id = data[member];
    if (typeof id === 'string' && /^[1-9]\d{0,18}$/.test(id)) return id;
    if (typeof id !== 'number' || !Number.isInteger(id) || id <= 0) continue;
    return Number.isSafeInteger(id) ? String(id) : exactDigits(body, member);
  }
  return null;
}

/** Null also for an answer that nests so deep that it cannot be read with its source: what it says is nobody's guess. */
function exactDigits(body: Buffer, member: string): string | null {
  const keepSource = (key: string, value: unknown, context: { source?: string }): unknown =>
    key === member && typeof value === 'number' ? new Digits(context.source ?? '') : value;
  let envelope: Envelope;
  try {
    envelope = JSON.parse(body.toString('utf8'), keepSource as (key: string, value: unknown) => unknown) as Envelope;
  } catch {
    return null;
  }
  const id = (envelope['data'] as Envelope)[member];
  return id instanceof Digits && /^[1-9]\d{0,18}$/.test(id.source) ? id.source : null;
}

/** A number as it was written. */
class Digits {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}
