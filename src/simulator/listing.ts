import type { KeptCall } from './received.ts';
import { objectOf } from './received-view.ts';

const PAGE_LIMIT = 100;

export type Listing =
  | { readonly data: string; readonly description?: never }
  | { readonly data?: never; readonly description: string };

interface Entry {
  readonly id: bigint;
  readonly atMs: number;
  readonly message: unknown;
  readonly identity: unknown;
  readonly identityType: unknown;
}

function toEntry(call: KeptCall): Entry | undefined {
  const object = objectOf(call);
  if (call.objectId === null || typeof object !== 'object' || object === null) return undefined;
  const fields: Record<string, unknown> = { ...object };
  return {
    id: call.objectId,
    atMs: call.atMs,
    message: fields['Message'],
    identity: fields['UserStreamProviderId'] ?? null,
    identityType: fields['UserStreamProviderType'] ?? null,
  };
}

const positive = (text: string | null, otherwise: number): number => {
  const number = Number(text ?? otherwise);
  return Number.isInteger(number) && number >= 1 ? number : otherwise;
};

/**
 * Lists the objects a stream holds, as CommBox's `GET /streams/{id}/objects` does: by customer identity, or by a
 * span of Unix seconds (both ends included). `data` is JSON text, because ids are int64. What was sent with
 * `sendToClient` is not saved, so not listed.
 */
export function listObjects(
  calls: readonly KeptCall[],
  streamId: string,
  query: URLSearchParams,
  idKey: string,
): Listing {
  const identity = query.get('identityStreamProviderId');
  const identityType = query.get('identityStreamProviderType');
  const start = query.get('unixStartTime');
  const end = query.get('unixEndTime');
  const hasIdentity = identity !== null && identityType !== null;
  const hasSpan = start !== null && end !== null && /^\d+$/.test(start) && /^\d+$/.test(end);
  if (!hasIdentity && !hasSpan) {
    return {
      description:
        'Either identityStreamProviderId and identityStreamProviderType, or unixStartTime and unixEndTime, are required',
    };
  }

  const entries: Entry[] = [];
  for (const call of calls) {
    if (call.objectId === null || call.streamId !== streamId || call.body.sendToClient) continue;
    const seconds = Math.floor(call.atMs / 1000);
    if (hasSpan && (seconds < Number(start) || seconds > Number(end))) continue;
    const entry = toEntry(call);
    if (entry === undefined) continue;
    const isOfIdentity = String(entry.identity) === identity && String(entry.identityType) === identityType;
    if (!hasIdentity || isOfIdentity) entries.push(entry);
  }

  // Kept calls stand in order of creation, which is the order of both their ids and their times.
  if (query.get('order')?.toLowerCase() !== 'asc') entries.reverse();
  const pageSize = Math.min(PAGE_LIMIT, positive(query.get('pageSize'), PAGE_LIMIT));
  const first = (positive(query.get('pageNumber'), 1) - 1) * pageSize;
  const page = entries.slice(first, first + pageSize).map((entry) => {
    const rest = JSON.stringify({
      message: entry.message,
      createdTime: new Date(entry.atMs).toISOString(),
      userStreamProviderId: entry.identity,
    });
    return `{"${idKey}":${entry.id},${rest.slice(1)}`;
  });
  return { data: `[${page.join(',')}]` };
}
