import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import type { Test } from 'tap';
import type { JumpingClock } from './stored/jumping-clock.ts';

/** One connection from the gateway, as bytes. */
export interface Peer {
  readonly socket: Socket;
  /** Reads the head of the next request; null if the gateway sends none any more. */
  head(): Promise<string | null>;
  /** Reads on to the end of the body, or until so many bytes of it are in. False if the gateway ended before. */
  body(bytes?: number): Promise<boolean>;
  /** Goes on reading whatever comes, and looks at none of it. */
  ignore(): void;
  write(text: string | Uint8Array): void;
  end(text?: string): void;
  /** Ends the connection with a reset. */
  reset(): void;
}

/** What stands in CommBox's place does with each connection; `nth` counts them from 1. */
export type Script = (peer: Peer, nth: number) => unknown;

export interface RawUpstream {
  readonly url: string;
  /** Requests whose head was read, and those whose body was read to its end. */
  seen(): { readonly calls: number; readonly complete: number };
}

/** A CommBox made of bytes, for what no HTTP server would do. Ends with the test. */
export async function startRawUpstream(t: Test, script: Script, tls?: TlsOptions): Promise<RawUpstream> {
  const seen = { calls: 0, complete: 0 };
  const sockets = new Set<Socket>();
  let connections = 0;
  const onConnection = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
    connections += 1;
    void script(createPeer(socket, seen), connections);
  };
  const server = tls === undefined ? createServer(onConnection) : createTlsServer(tls, onConnection);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return { url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`, seen: () => ({ ...seen }) };
}

function createPeer(socket: Socket, seen: { calls: number; complete: number }): Peer {
  const chunks: AsyncIterator<Buffer> = socket.iterator({ destroyOnReturn: false });
  let held = Buffer.alloc(0);
  let left = 0;
  const fill = async () => {
    const { done, value } = await chunks.next().catch(() => ({ done: true, value: undefined }));
    if (done === true || value === undefined) return false;
    held = Buffer.concat([held, value]);
    return true;
  };

  return {
    socket,
    async head() {
      for (;;) {
        const end = held.indexOf('\r\n\r\n');
        if (end === -1) {
          if (await fill()) continue;
          return null;
        }
        const text = held.subarray(0, end).toString('latin1');
        held = held.subarray(end + 4);
        left = Number(/^content-length: (\d+)$/im.exec(text)?.[1] ?? 0);
        seen.calls += 1;
        return text;
      }
    },
    async body(bytes = left) {
      for (let wanted = Math.min(bytes, left); wanted > 0; ) {
        if (held.length === 0 && !(await fill())) return false;
        const taken = Math.min(held.length, wanted);
        held = held.subarray(taken);
        left -= taken;
        wanted -= taken;
      }
      if (left === 0) seen.complete += 1;
      return true;
    },
    ignore() {
      const drain = async () => {
        held = Buffer.alloc(0);
        while (await fill()) held = Buffer.alloc(0);
      };
      void drain();
    },
    write: (text) => void socket.write(text),
    end: (text = '') => void socket.end(text),
    // Resetting what is being ended already would keep Node from ending (its shutdown request never completes).
    reset: () => void (socket.writableEnded ? socket.destroy() : socket.resetAndDestroy()),
  };
}

const EVERY_MS = 20;

/** Moves time on again and again while this connection lasts, in between doing what belongs to each step. */
export function passTime({ socket }: Peer, clock: JumpingClock, stepMs: number, step = () => {}): void {
  const timer = setInterval(() => {
    step();
    clock.jump(stepMs);
  }, EVERY_MS);
  socket.once('close', () => clearInterval(timer));
}

/** An answer in full, as CommBox would write it. */
export function envelope(status: number, headers: readonly string[] = []): string {
  const data = status < 300 ? ',"data":{"id":7}' : '';
  const body = `{"status":${status},"description":"said"${data}}`;
  const lines = [
    `HTTP/1.1 ${status} X`,
    `Content-Length: ${body.length}`,
    'Content-Type: application/json',
    ...headers,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
