import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Test } from 'tap';

/** A connection to a database that can lose the answers of the server, but not what is asked of it. */
export interface DatabaseProxy {
  /** The URL of the database by way of the proxy. */
  readonly url: string;
  /** Once this text has gone to the server on a connection, nothing that the server says there arrives any more. */
  muteAfter(text: string): void;
  /** Breaks every connection; later ones are as they should be. */
  breakAll(): void;
}

export async function startDatabaseProxy(t: Test, databaseUrl: string): Promise<DatabaseProxy> {
  const target = new URL(databaseUrl);
  const pairs = new Set<readonly [Socket, Socket]>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    client.pipe(upstream);
    upstream.pipe(client);
    for (const socket of pair) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        pairs.delete(pair);
        for (const either of pair) either.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const breakAll = () => {
    for (const sockets of pairs) for (const socket of sockets) socket.destroy();
  };
  t.teardown(() => {
    breakAll();
    server.close();
  });
  const url = new URL(databaseUrl);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    muteAfter(text) {
      for (const [client, upstream] of pairs) {
        client.on('data', (chunk) => {
          if (!chunk.includes(text)) return;
          upstream.unpipe(client);
          upstream.resume();
        });
      }
    },
    breakAll,
  };
}
