import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Clock } from '../kernel/clock.ts';
import type { MultipartBody } from './multipart-body.ts';

/** How one HTTP call ended. `started` tells whether a byte of it may have left, the line between safe and unclear. */
export type Exchange =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly contentType: string | undefined;
      readonly retryAfter: string | undefined;
      readonly date: string | undefined;
      /** At most 1 MiB; empty when `isCut`. */
      readonly body: Buffer;
      /** The body was too long, or its end never came. */
      readonly isCut: boolean;
    }
  /** `isTimeout`: one of {@link ExchangeTimeouts} ended it, after it had started. */
  | { readonly kind: 'failed'; readonly started: boolean; readonly isTimeout: boolean; readonly error: Error };

export interface ExchangeTimeouts {
  /** From the last byte written to the end of the answer. */
  readonly answerMs: number;
  /** Longest time without progress while a body is being written. */
  readonly writeStallMs: number;
}

/** Longest body that is read; CommBox's envelopes are a few hundred bytes. */
const LONGEST_ANSWER_BYTES = 1024 * 1024;

class ExchangeTimeout extends Error {}
class AnswerTooLong extends Error {}

/** Follows one call through undici's callbacks and reports its end exactly once. */
export function createExchange(
  clock: Clock,
  timeouts: ExchangeTimeouts,
  multipart: MultipartBody | null,
  report: (end: Exchange) => void,
): { readonly handler: Dispatcher.DispatchHandler; readonly body: Readable | null } {
  let controller: Dispatcher.DispatchController | null = null;
  let cancelTimer: (() => void) | null = null;
  let status = 0;
  let headers: Record<string, string | string[] | undefined> = {};
  const chunks: Buffer[] = [];
  let received = 0;
  let isOver = false;

  const expireIn = (delayMs: number, what: string) => {
    cancelTimer?.();
    cancelTimer = clock.schedule(delayMs, () => controller?.abort(new ExchangeTimeout(what)));
  };
  const finish = (end: Exchange) => {
    if (isOver) return;
    isOver = true;
    cancelTimer?.();
    report(end);
  };
  const answer = (isCut: boolean) =>
    finish({
      kind: 'answer',
      status,
      contentType: single(headers['content-type']),
      retryAfter: single(headers['retry-after']),
      date: single(headers['date']),
      body: isCut ? Buffer.alloc(0) : chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks),
      isCut,
    });

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(current) {
      // undici may take a request up anew after its connection was reset; the first try may have reached CommBox.
      if (controller !== null) return current.abort(new Error('not sent a second time'));
      controller = current;
      if (multipart === null) expireIn(timeouts.answerMs, 'no complete answer in time');
      else expireIn(timeouts.writeStallMs, 'no progress while writing');
    },
    onResponseStart(_, statusCode, responseHeaders) {
      if (statusCode < 200) return;
      status = statusCode;
      headers = responseHeaders;
    },
    onResponseData(current, chunk) {
      received += chunk.length;
      if (received > LONGEST_ANSWER_BYTES) current.abort(new AnswerTooLong());
      else chunks.push(chunk);
    },
    onResponseEnd: () => answer(false),
    onResponseError(_, error) {
      // A status other than 2xx has said what counts, even if its body never ends.
      const isDecided = status !== 0 && (status < 200 || status >= 300);
      if (isDecided || error instanceof AnswerTooLong) answer(true);
      else {
        const isTimeout = error instanceof ExchangeTimeout;
        finish({ kind: 'failed', started: controller !== null, isTimeout, error });
      }
    },
  };

  const body = multipart === null ? null : Readable.from(withProgress(multipart.chunks()), { objectMode: false });
  /** Every chunk that is asked for is progress; after the last one the wait for the answer begins. */
  async function* withProgress(source: AsyncGenerator<Uint8Array>) {
    for await (const chunk of source) {
      if (!isOver) expireIn(timeouts.writeStallMs, 'no progress while writing');
      yield chunk;
    }
    if (!isOver) expireIn(timeouts.answerMs, 'no complete answer in time');
  }
  return { handler, body };
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
