import { createServer } from 'node:net';
import { createFrames } from '../lib/frames.ts';

/** What the stand-in is told to do. It answers each order with a {@link CommboxReply}. */
export type CommboxOrder =
  /** Answers at once. */
  | { readonly kind: 'count' }
  /** Takes `skip` messages, then `measure` more, throttles everything again, and only then answers. */
  | { readonly kind: 'release'; readonly skip: number; readonly measure: number };

export interface CommboxReply {
  /** Messages taken since the start. */
  readonly taken: number;
  /** From the last skipped message to the last measured one; 0 for `count`. */
  readonly seconds: number;
}

// While it throttles, each waiting account asks once in this time: little enough to cost nothing.
const RETRY_AFTER_SECONDS = 2;

function answerOf(statusLine: string, envelope: object, headers: readonly string[] = []): Buffer {
  const body = JSON.stringify(envelope);
  const lines = [
    `HTTP/1.1 ${statusLine}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: keep-alive',
    ...headers,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

const common = { response_time: '2025-04-15T07:24:52.956Z' };
const TAKEN = answerOf('200 OK', { status: 200, description: 'OK', ...common, data: { id: 294159 } });
const THROTTLED = answerOf('429 Too Many Requests', { status: 429, description: 'Too many requests', ...common }, [
  `Retry-After: ${RETRY_AFTER_SECONDS}`,
]);

let taken = 0;
let takesUntil = process.env['THROTTLED'] === 'true' ? 0 : Number.POSITIVE_INFINITY;
let measuresFrom = Number.POSITIVE_INFINITY;
let startedAt = 0;

// A stand-in for CommBox that does as little as possible, and can be shut and opened for a number of messages.
const server = createServer({ noDelay: true }, (socket) => {
  const frames = createFrames(() => {
    if (taken >= takesUntil) {
      socket.write(THROTTLED);
      return;
    }
    taken++;
    socket.write(TAKEN);
    if (taken === measuresFrom) startedAt = performance.now();
    if (taken === takesUntil) report((performance.now() - startedAt) / 1000);
  });
  socket.on('data', frames);
  socket.on('error', () => socket.destroy());
});

function report(seconds: number): void {
  process.send?.({ taken, seconds } satisfies CommboxReply);
}

process.on('message', (order: CommboxOrder) => {
  if (order.kind === 'count') return report(0);
  measuresFrom = taken + order.skip;
  takesUntil = measuresFrom + order.measure;
});
server.listen(Number(process.env['PORT']), '127.0.0.1');
