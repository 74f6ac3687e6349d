import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Test } from 'tap';

/** The way to a server, which can fail in ways that no server does. */
export interface OddWay {
  readonly port: number;
  /** From now on nothing comes back any more, though connections stay open. */
  silence(): void;
  /** The next request that holds this text reaches the server; its answer is lost with its connection. Resolves then. */
  loseAnswerTo(text: string): Promise<void>;
}

export async function startOddWay(t: Test, targetPort: number): Promise<OddWay> {
  const open = new Set<Socket>();
  let isSilent = false;
  let lost: { readonly text: string; readonly resolve: () => void } | null = null;

  const server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1');
    let breaks: (() => void) | null = null;
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (bytes) => {
      if (lost !== null && bytes.includes(lost.text)) {
        breaks = lost.resolve;
        lost = null;
      }
      if (!isSilent) upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      if (isSilent) return;
      if (breaks === null) return void client.write(bytes);
      client.destroy();
      breaks();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the way has no port');
  return {
    port: address.port,
    silence() {
      isSilent = true;
    },
    loseAnswerTo: (text) =>
      new Promise((resolve) => {
        lost = { text, resolve };
      }),
  };
}
