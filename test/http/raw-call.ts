import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Test } from 'tap';

export interface RawCall {
  readonly socket: Socket;
  /** What was answered so far. */
  answer(): string;
  /** Resolves with the answer when the connection has ended. */
  readonly ended: Promise<string>;
}

/** Opens a connection and writes these bytes; what else happens on it is up to the test. */
export async function rawCall(t: Test, port: number, ...pieces: readonly (string | Uint8Array)[]): Promise<RawCall> {
  const socket = connect(port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  let text = '';
  socket.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  // Bytes that the gateway no longer reads may reset the connection: an outcome, not a fault of the test.
  socket.on('error', () => undefined);
  const ended = new Promise<string>((resolve) => socket.once('close', () => resolve(text)));
  await once(socket, 'connect');
  for (const piece of pieces) socket.write(piece);
  return { socket, answer: () => text, ended };
}

/** The head and body of a request, ready to write. The connection ends with the answer. */
export function rawPost(path: string, key: string, body: string, headers: readonly string[] = []): string {
  return [
    `POST ${path} HTTP/1.1`,
    'Host: gateway',
    'Connection: close',
    `Authorization: Bearer ${key}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...headers,
    '',
    body,
  ].join('\r\n');
}
