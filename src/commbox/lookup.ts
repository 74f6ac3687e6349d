import { isUtf8 } from 'node:buffer';
import { judgeAnswer } from './answer.ts';
import type { CommboxClient } from './client.ts';
import { streamObjectsPath } from './stream-path.ts';

/** An object that a stream holds, as far as a lookup needs it. */
export interface ListedObject {
  readonly objectId: string;
  readonly message: string;
  /** Epoch milliseconds; null if CommBox's time could not be read. */
  readonly createdAt: number | null;
}

export type Listing =
  | { readonly kind: 'listed'; readonly objects: readonly ListedObject[] }
  /** The key was refused; another one may be tried. */
  | { readonly kind: 'unauthorized' }
  /** CommBox lists nothing for this question, now or later. */
  | { readonly kind: 'rejected' }
  /** No answer, or none that can be used. */
  | { readonly kind: 'unclear' };

export interface LookupRequest {
  readonly streamId: string;
  readonly key: string;
  readonly requestId: string;
  /** The customer's identity, as it was sent; null: search by time alone. */
  readonly identity: { readonly id: string; readonly type: number } | null;
  /** Epoch milliseconds, for a search by time. */
  readonly from: number;
  readonly to: number;
}

// CommBox lists at most 100 objects a call (API reference).
const PAGE_SIZE = 100;

/** Asks CommBox what a stream holds: `GET /streams/{id}/objects`, by identity or else by time. Creates nothing. */
export async function listObjects(client: CommboxClient, basePath: string, request: LookupRequest): Promise<Listing> {
  const { identity, from, to } = request;
  const query = new URLSearchParams(
    identity === null
      ? { unixStartTime: String(Math.floor(from / 1000)), unixEndTime: String(Math.ceil(to / 1000)) }
      : { identityStreamProviderId: identity.id, identityStreamProviderType: String(identity.type) },
  );
  query.set('pageSize', String(PAGE_SIZE));
  query.set('sort', 'createdTime');
  query.set('order', 'desc');
  const exchange = await client.call({
    method: 'GET',
    path: `${streamObjectsPath(basePath, request.streamId)}?${query}`,
    key: request.key,
    requestId: request.requestId,
    traceparent: undefined,
    body: null,
  });
  if (exchange.kind !== 'answer') return { kind: 'unclear' };
  // There is no id to be asked for in a list.
  const verdict = judgeAnswer(exchange.status, exchange.body, true).kind;
  switch (verdict) {
    case 'sent': {
      const objects = exchange.isCut ? null : readList(exchange.body);
      return objects === null ? { kind: 'unclear' } : { kind: 'listed', objects };
    }
    case 'unauthorized':
      return { kind: verdict };
    case 'stream_not_found':
    case 'rejected':
      return { kind: 'rejected' };
    case 'throttled':
    case 'unclear':
      return { kind: 'unclear' };
  }
}

function readList(body: Buffer): readonly ListedObject[] | null {
  if (!isUtf8(body)) return null;
  let envelope: unknown;
  try {
    envelope = JSON.parse(body.toString('utf8'), keepIds as (key: string, value: unknown) => unknown);
  } catch {
    return null;
  }
  const { data } = (envelope ?? {}) as { data?: unknown };
  if (!Array.isArray(data)) return null;
  return data.flatMap((entry: unknown) => {
    const { objectId, id, message, createdTime } = (entry ?? {}) as Record<string, unknown>;
    const digits = objectId ?? id;
    // Kept and told to callers, so nothing but an id will do.
    if (typeof digits !== 'string' || !/^[1-9]\d{0,18}$/.test(digits) || typeof message !== 'string') return [];
    const createdAt = typeof createdTime === 'string' ? Date.parse(createdTime) : Number.NaN;
    return [{ objectId: digits, message, createdAt: Number.isNaN(createdAt) ? null : createdAt }];
  });
}

/** Ids are int64: their digits are kept as text. */
function keepIds(key: string, value: unknown, context: { source?: string }): unknown {
  return (key === 'objectId' || key === 'id') && typeof value === 'number' ? context.source : value;
}
