import { hash } from 'node:crypto';
import type { ReceivedFile } from './message.ts';
import type { KeptCall } from './received.ts';

/** A send as it is shown. */
export interface ReceivedCall {
  /** Place among all sends, from 1. */
  readonly n: number;
  /** ISO 8601, when its headers had arrived. */
  readonly at: string;
  /** The stream id, decoded. */
  readonly streamId: string;
  /** The path and query exactly as they were on the wire. */
  readonly rawPath: string;
  readonly contentType: string | null;
  /** Every header's name, in lower case. */
  readonly headerNames: readonly string[];
  /** The values of an allow-list of headers; the key only as the beginning of its SHA-256. */
  readonly headers: Readonly<Record<string, string>>;
  /** The object as parsed, so with numbers that JavaScript rounds; null if it could not be. */
  readonly object: unknown;
  readonly rawBody: string | null;
  readonly rawData: string | null;
  readonly files: readonly ReceivedFile[];
  readonly outcome: 'recorded' | 'refused';
  readonly status: number | null;
  /** Digits of the created object's id. */
  readonly objectId: string | null;
  /** The client was gone before the end of its request. */
  readonly aborted: boolean;
}

export interface ReceivedFilter {
  readonly streamId?: string;
  readonly outcome?: 'recorded' | 'refused';
  /** The latest so many. */
  readonly limit?: number;
}

const shownHeaders = new Set([
  'accept',
  'accept-encoding',
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'traceparent',
  'tracestate',
  'transfer-encoding',
  'user-agent',
  'x-request-id',
]);

function redactKey(value: string): string {
  const [scheme = '', ...rest] = value.split(' ');
  return `${scheme} sha256:${hash('sha256', rest.join(' ')).slice(0, 12)}`;
}

function showHeaders(headerLines: string): Pick<ReceivedCall, 'headerNames' | 'headers'> {
  const lines = headerLines.split('\n');
  const headerNames: string[] = [];
  const headers: Record<string, string> = {};
  for (let index = 0; index < lines.length; index += 2) {
    const name = lines[index]?.toLowerCase() ?? '';
    const value = lines[index + 1] ?? '';
    headerNames.push(name);
    if (name === 'authorization') headers[name] = redactKey(value);
    else if (shownHeaders.has(name)) headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return { headerNames, headers };
}

/** The object of a call as JavaScript reads it, or null. */
export function objectOf({ body }: KeptCall): unknown {
  try {
    if (body.rawData !== null) return JSON.parse(body.rawData);
    const document: unknown = JSON.parse(body.rawBody ?? '');
    return typeof document === 'object' && document !== null && 'data' in document ? document.data : null;
  } catch {
    return null;
  }
}

/** A kept call as it is shown. Parsing waits until here, so that receiving stays cheap. */
function showCall(call: KeptCall): ReceivedCall {
  const { body } = call;
  const { headerNames, headers } = showHeaders(call.headerLines);
  return {
    n: call.n,
    at: new Date(call.atMs).toISOString(),
    streamId: call.streamId,
    rawPath: call.rawPath,
    contentType: headers['content-type'] ?? null,
    headerNames,
    headers,
    object: objectOf(call),
    rawBody: body.rawBody,
    rawData: body.rawData,
    files: body.files,
    outcome: call.objectId === null ? 'refused' : 'recorded',
    status: call.status,
    objectId: call.objectId === null ? null : String(call.objectId),
    aborted: body.aborted,
  };
}

/** The calls that match, oldest first. */
export function showCalls(calls: readonly KeptCall[], filter: ReceivedFilter): ReceivedCall[] {
  const matching = calls.filter((call) => {
    if (filter.streamId !== undefined && call.streamId !== filter.streamId) return false;
    return filter.outcome === undefined || (call.objectId !== null) === (filter.outcome === 'recorded');
  });
  const latest = filter.limit === undefined ? matching : matching.slice(Math.max(0, matching.length - filter.limit));
  return latest.map(showCall);
}
