import { createServer } from 'node:net';
import { createFrames } from './lib/frames.ts';

/** What the upstream process tells about the last request it got. */
export interface LastRequest {
  readonly head: string;
  readonly body: string;
}

const envelope = JSON.stringify({
  status: 200,
  description: 'OK',
  response_time: '2025-04-15T07:24:52.956Z',
  data: { id: 294159 },
});
const answer = Buffer.from(
  [
    'HTTP/1.1 200 OK',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(envelope)}`,
    'Date: Tue, 15 Apr 2025 07:24:52 GMT',
    'Connection: keep-alive',
    '',
    envelope,
  ].join('\r\n'),
);

let last: LastRequest | null = null;
let isRemembering = false;

// A stand-in for CommBox that does as little as possible: the same answer to every request that has arrived whole.
const server = createServer({ noDelay: true }, (socket) => {
  const frames = createFrames((head, body) => {
    if (isRemembering) last = { head, body: body.toString('utf8') };
    socket.write(answer);
  });
  socket.on('data', frames);
  socket.on('error', () => socket.destroy());
});

process.on('message', (remember: boolean) => {
  process.send?.(last);
  isRemembering = remember;
  last = null;
});
server.listen(Number(process.env['PORT']), '127.0.0.1');
