import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Clock } from '../kernel/clock.ts';

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

/** Follows one call through undici's callbacks and reports its end exactly once. One object, since it is made for every message. */
export class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #clock: Clock;
  readonly #timeouts: ExchangeTimeouts;
  /** Progress of the body starts the wait for the answer, where it is written piece by piece. */
  readonly #isStreamed: boolean;
  readonly #report: (end: Exchange) => void;
  #controller: Dispatcher.DispatchController | null = null;
  #cancelTimer: (() => void) | null = null;
  #status = 0;
  #headers: Record<string, string | string[] | undefined> = {};
  readonly #chunks: Buffer[] = [];
  #received = 0;
  #isOver = false;

  constructor(clock: Clock, timeouts: ExchangeTimeouts, isStreamed: boolean, report: (end: Exchange) => void) {
    this.#clock = clock;
    this.#timeouts = timeouts;
    this.#isStreamed = isStreamed;
    this.#report = report;
  }

  onRequestStart(current: Dispatcher.DispatchController): void {
    // undici may take a request up anew after its connection was reset; the first try may have reached CommBox.
    if (this.#controller !== null) {
      current.abort(new Error('not sent a second time'));
      return;
    }
    this.#controller = current;
    if (this.#isStreamed) this.#expireIn(this.#timeouts.writeStallMs, 'no progress while writing');
    else this.#expireIn(this.#timeouts.answerMs, 'no complete answer in time');
  }

  onResponseStart(_: Dispatcher.DispatchController, statusCode: number, headers: IncomingHttpHeaders): void {
    if (statusCode < 200) return;
    this.#status = statusCode;
    this.#headers = headers;
  }

  onResponseData(current: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#received += chunk.length;
    if (this.#received > LONGEST_ANSWER_BYTES) current.abort(new AnswerTooLong());
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#answer(false);
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    // A status other than 2xx has said what counts, even if its body never ends.
    const isDecided = this.#status !== 0 && (this.#status < 200 || this.#status >= 300);
    if (isDecided || error instanceof AnswerTooLong) this.#answer(true);
    else {
      const isTimeout = error instanceof ExchangeTimeout;
      this.#finish({ kind: 'failed', started: this.#controller !== null, isTimeout, error });
    }
  }

  /** The body of a multipart. Every chunk that is asked for is progress; after the last one the wait for the answer begins. */
  async *withProgress(source: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      if (!this.#isOver) this.#expireIn(this.#timeouts.writeStallMs, 'no progress while writing');
      yield chunk;
    }
    if (!this.#isOver) this.#expireIn(this.#timeouts.answerMs, 'no complete answer in time');
  }

  #expireIn(delayMs: number, what: string): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#clock.schedule(delayMs, () => this.#controller?.abort(new ExchangeTimeout(what)));
  }

  #answer(isCut: boolean): void {
    const headers = this.#headers;
    this.#finish({
      kind: 'answer',
      status: this.#status,
      contentType: single(headers['content-type']),
      retryAfter: single(headers['retry-after']),
      date: single(headers['date']),
      body: isCut ? Buffer.alloc(0) : whole(this.#chunks),
      isCut,
    });
  }

  #finish(end: Exchange): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelTimer?.();
    this.#report(end);
  }
}

function whole(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks;
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks);
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
