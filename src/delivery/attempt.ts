import { stat } from 'node:fs/promises';
import type { SpooledFile } from '../attachments/spool.ts';
import { judgeAnswer } from '../commbox/answer.ts';
import type { CommboxClient } from '../commbox/client.ts';
import type { Exchange } from '../commbox/exchange.ts';
import { createMultipartBody } from '../commbox/multipart-body.ts';
import { parseRetryAfter } from '../commbox/retry-after.ts';
import { streamObjectsPath } from '../commbox/stream-path.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Keyring } from './keyring.ts';
import type { AttemptResult, Message, RawAnswer } from './message.ts';
import { filesOf } from './payload.ts';

export interface AttemptOptions {
  readonly client: CommboxClient;
  readonly basePath: string;
  readonly keyring: Keyring;
  readonly clock: Clock;
}

/** One attempt: one HTTP call, or two if CommBox refused the first key and a second one is configured. Never rejects. */
export type Attempt = (message: Message) => Promise<AttemptResult>;

export function createAttempt({ client, basePath, keyring, clock }: AttemptOptions): Attempt {
  const call = async (message: Message, key: string): Promise<AttemptResult> => {
    const startedAt = clock.monotonic();
    const { payload } = message;
    const exchange = await client.call({
      method: 'POST',
      path: streamObjectsPath(basePath, message.streamId),
      key,
      requestId: message.requestId,
      traceparent: message.traceparent ?? undefined,
      body: payload.kind === 'json' ? payload.body : createMultipartBody(payload.data, payload.files),
    });
    const result = judge(exchange, message.sendsToClient, clock.monotonic() - startedAt, clock.now());
    return withoutKeys(result, keyring);
  };

  return async (message) => {
    const files = filesOf(message.payload);
    if (message.isDamaged || (files.length > 0 && (await isAnyGone(files)))) {
      return { kind: 'damaged', durationMs: 0, error: new Error('a stored attachment is missing or damaged') };
    }
    const key = keyring.preferred();
    const result = await call(message, key);
    if (result.kind !== 'refused' || result.code !== 'commbox_unauthorized') return result;
    // A refused key created nothing, so the other one may be tried at once.
    const other = keyring.other(key);
    if (other === null) return result;
    const second = await call(message, other);
    if (second.kind !== 'refused' || second.code !== 'commbox_unauthorized') keyring.prefer(other);
    return second;
  };
}

/** CommBox, or a proxy before it, may echo the key; nobody but CommBox may learn it. */
function withoutKeys(result: AttemptResult, keyring: Keyring): AttemptResult {
  const raw = 'raw' in result ? result.raw : null;
  if (raw === null || !keyring.isIn(raw.body)) return result;
  const { upstream } = result;
  const body = Buffer.from(keyring.redact(raw.body.toString('latin1')), 'latin1');
  return {
    ...result,
    raw: { ...raw, body },
    ...(upstream !== undefined && {
      upstream: { ...upstream, description: upstream.description && keyring.redact(upstream.description) },
    }),
  } as AttemptResult;
}

/** A file that is gone or was cut would fail in mid-call, where nobody could tell what CommBox made of it. */
async function isAnyGone(files: readonly SpooledFile[]): Promise<boolean> {
  for (const { path, size } of files) {
    const found = await stat(path).catch(() => null);
    if (found?.size !== size) return true;
  }
  return false;
}

function judge(exchange: Exchange, sendsToClient: boolean, durationMs: number, nowMs: number): AttemptResult {
  if (exchange.kind === 'failed') {
    const { error } = exchange;
    if (!exchange.started) return { kind: 'unreachable', durationMs, error };
    return {
      kind: 'unclear',
      durationMs,
      code: exchange.isTimeout ? 'commbox_timeout' : 'commbox_error',
      raw: null,
      error,
    };
  }
  const verdict = judgeAnswer(exchange.status, exchange.body, sendsToClient);
  const { upstream } = verdict;
  // A body that was cut cannot be passed on as it came.
  const raw: RawAnswer | null = exchange.isCut
    ? null
    : { status: exchange.status, contentType: exchange.contentType, body: exchange.body };
  switch (verdict.kind) {
    case 'sent':
      return { kind: 'sent', durationMs, upstream, objectId: verdict.objectId, raw };
    case 'throttled':
      return {
        kind: 'throttled',
        durationMs,
        upstream,
        retryAfterMs: parseRetryAfter(exchange.retryAfter, exchange.date, nowMs),
      };
    case 'unauthorized':
      return { kind: 'refused', durationMs, upstream, code: 'commbox_unauthorized', raw };
    case 'stream_not_found':
      return { kind: 'refused', durationMs, upstream, code: 'commbox_stream_not_found', raw };
    case 'rejected':
      return { kind: 'refused', durationMs, upstream, code: 'commbox_rejected', raw };
    case 'unclear':
      return { kind: 'unclear', durationMs, upstream, code: 'commbox_error', raw };
  }
}
