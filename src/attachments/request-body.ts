import type { IncomingMessage } from 'node:http';
import type { Clock } from '../kernel/clock.ts';
import type { ByteBudget } from './limits.ts';

/** The caller went away before its request was complete. There is nobody to answer: a route ends quietly on it. */
export class CallerDisconnected extends Error {
  override readonly name = 'CallerDisconnected';
}

/**
 * The bytes of a request as they arrive, counted against a budget. Rejects with the budget's error or with
 * `CallerDisconnected`. Leaving early keeps the connection open, so that the caller can still be answered.
 */
export async function* readBody(raw: IncomingMessage, budget: ByteBudget): AsyncGenerator<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = raw.iterator({ destroyOnReturn: false });
  try {
    for (;;) {
      const result = await chunks.next().catch((cause: unknown) => {
        throw new CallerDisconnected('the caller disconnected before the end of its request', { cause });
      });
      if (result.done === true) return;
      budget.take(result.value.byteLength);
      yield result.value;
    }
  } finally {
    await chunks.return?.();
  }
}

const LINGER_MS = 2_000;
const LINGER_BYTES = 8 * 1024 * 1024;

/**
 * Discards what a refused caller is still sending, for 2 s and 8 MiB at most, and closes the connection if that was not
 * the end of it. A connection closed at once, with bytes unread, is reset by the system, and the reset can
 * overtake the answer (RFC 9112, 9.6).
 */
export function discardRest(raw: IncomingMessage, clock: Clock): void {
  raw.on('error', () => undefined);
  if (raw.complete || raw.destroyed) {
    raw.resume();
    return;
  }
  let discarded = 0;
  raw.on('data', (chunk: Uint8Array) => {
    discarded += chunk.byteLength;
    if (discarded > LINGER_BYTES) raw.pause();
  });
  const cancel = clock.schedule(LINGER_MS, () => raw.socket.destroy());
  raw.once('close', cancel);
}
