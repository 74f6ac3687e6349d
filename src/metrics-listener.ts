import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cannotListen } from './kernel/start-error.ts';
import type { Scrape } from './observability/metrics.ts';

export interface MetricsListenerOptions {
  readonly host: string;
  /** 0 picks one. */
  readonly port: number;
  readonly scrape: () => Promise<Scrape>;
}

/** The listener of `METRICS_PORT`: `/metrics`, without a key, and nothing else. */
export interface MetricsListener {
  /**
   * Resolves with the base URL.
   *
   * @throws StartError if the address cannot be had.
   */
  listen(): Promise<string>;
  /** Cuts what is open; resolves when the port is free. Harmless before `listen`. */
  close(): Promise<void>;
}

/** A scraper sends a few hundred bytes at once; whoever is slower or asks for more than that is none. */
const LIMITS = { headersTimeout: 5_000, requestTimeout: 10_000, maxHeaderSize: 8_192 };
const MOST_CONNECTIONS = 32;

export function createMetricsListener({ host, port, scrape }: MetricsListenerOptions): MetricsListener {
  const server = createServer(LIMITS, (request, response) => void answer(request, response, scrape));
  server.maxConnections = MOST_CONNECTIONS;

  return {
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', (error) => reject(cannotListen({ host, port, settings: 'HOST, METRICS_PORT' }, error)));
        server.listen({ host, port }, () => resolve(urlOf(server.address() as AddressInfo)));
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  { url = '', method }: IncomingMessage,
  response: ServerResponse,
  scrape: () => Promise<Scrape>,
): Promise<void> {
  if (url.split('?', 1)[0] !== '/metrics') return void response.writeHead(404).end();
  if (method !== 'GET' && method !== 'HEAD') return void response.writeHead(405, { allow: 'GET, HEAD' }).end();
  try {
    const { contentType, body } = await scrape();
    response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-store' }).end(body);
  } catch {
    response.writeHead(500).end();
  }
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
