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
import { type AttemptResult, isKeyRefused, type Message, type RawAnswer } from './message.ts';
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
  const call = (message: Message, key: string): Promise<AttemptResult> => {
    const startedAt = clock.monotonic();
    const { payload, sendsToClient } = message;
    const exchange = client.call({
      method: 'POST',
      path: streamObjectsPath(basePath, message.streamId),
      key,
      requestId: message.requestId,
      traceparent: message.traceparent ?? undefined,
      body: payload.kind === 'json' ? payload.body : createMultipartBody(payload.data, payload.files),
    });
    return exchange.then((end) => {
      const durationMs = clock.monotonic() - startedAt;
      return judge(end, keyring, { sendsToClient, durationMs, nowMs: clock.now() });
    });
  };
  const callWithAnyKey = (message: Message): Promise<AttemptResult> => {
    const key = keyring.preferred();
    return call(message, key).then((result) => (isKeyRefused(result) ? callWithOther(message, key, result) : result));
  };
  /** A refused key created nothing, so the other one may be tried at once. */
  const callWithOther = async (message: Message, refused: string, result: AttemptResult) => {
    const other = keyring.other(refused);
    if (other === null) return result;
    const second = await call(message, other);
    if (!isKeyRefused(second)) keyring.prefer(other);
    return second;
  };
  const callWithFiles = async (message: Message, files: readonly SpooledFile[]): Promise<AttemptResult> =>
    message.isDamaged || (await isAnyGone(files)) ? damaged() : callWithAnyKey(message);

  return (message) => {
    const files = filesOf(message.payload);
    return files.length > 0 || message.isDamaged ? callWithFiles(message, files) : callWithAnyKey(message);
  };
}

const damaged = (): AttemptResult => ({
  kind: 'damaged',
  durationMs: 0,
  error: new Error('a stored attachment is missing or damaged'),
});

type Answered = Extract<Exchange, { readonly kind: 'answer' }>;

/** CommBox, or a proxy before it, may echo the key; nobody but CommBox may learn it. Itself if there is no key in it. */
function withoutKeys(answer: Answered, keyring: Keyring): Answered {
  const text = answer.body.toString('latin1');
  const redacted = keyring.redact(text);
  const contentType = answer.contentType === undefined ? undefined : keyring.redact(answer.contentType);
  if (redacted === text && contentType === answer.contentType) return answer;
  return { ...answer, contentType, body: Buffer.from(redacted, 'latin1') };
}

/** A file that is gone or was cut would fail in mid-call, where nobody could tell what CommBox made of it. */
async function isAnyGone(files: readonly SpooledFile[]): Promise<boolean> {
  for (const { path, size } of files) {
    const found = await stat(path).catch(() => null);
    if (found?.size !== size) return true;
  }
  return false;
}

interface JudgeOptions {
  readonly sendsToClient: boolean;
  readonly durationMs: number;
  readonly nowMs: number;
}

function judge(exchange: Exchange, keyring: Keyring, options: JudgeOptions): AttemptResult {
  const { sendsToClient, durationMs, nowMs } = options;
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
  const told = withoutKeys(exchange, keyring);
  // What CommBox decided is read from its own words, what it said from those that may be told: a description that is
  // cut, or that was escaped, must not hold a key either.
  const { description } = told === exchange ? verdict.upstream : judgeAnswer(told.status, told.body, false).upstream;
  const upstream = { ...verdict.upstream, description };
  // A body that was cut cannot be passed on as it came.
  const raw: RawAnswer | null = exchange.isCut
    ? null
    : { status: told.status, contentType: told.contentType, body: told.body };
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
