import { judgeAnswer } from './answer.ts';
import type { CommboxClient } from './client.ts';

/**
 * What CommBox's system status says about a key: `refused` = 401 or 403; `accepted` = any other clear answer, even
 * that there is no such route; `unclear` = no answer, or one that says nothing about the key (429, 5xx, a proxy's page).
 */
export type KeyVerdict = 'accepted' | 'refused' | 'unclear';

export interface SystemStatus {
  readonly verdict: KeyVerdict;
  /** The status that counted, by the same rule as for sends; null if there was no answer. Its words may hold the key. */
  readonly upstream: { readonly status: number } | null;
  /** Why there was no answer. */
  readonly error: Error | null;
}

export interface SystemStatusRequest {
  readonly key: string;
  readonly requestId: string;
}

/** Asks `GET /core/systemstatus`, which creates nothing. Never rejects. */
export async function askSystemStatus(
  client: CommboxClient,
  basePath: string,
  { key, requestId }: SystemStatusRequest,
): Promise<SystemStatus> {
  const exchange = await client.call({
    method: 'GET',
    path: `${basePath}/core/systemstatus`,
    key,
    requestId,
    traceparent: undefined,
    body: null,
  });
  if (exchange.kind === 'failed') return { verdict: 'unclear', upstream: null, error: exchange.error };
  // The envelope's `data` is not asked for, as with a message that leaves nothing behind.
  const { kind, upstream } = judgeAnswer(exchange.status, exchange.body, true);
  return { verdict: verdicts[kind], upstream: { status: upstream.status }, error: null };
}

const verdicts: Record<ReturnType<typeof judgeAnswer>['kind'], KeyVerdict> = {
  sent: 'accepted',
  rejected: 'accepted',
  stream_not_found: 'accepted',
  unauthorized: 'refused',
  throttled: 'unclear',
  unclear: 'unclear',
};
