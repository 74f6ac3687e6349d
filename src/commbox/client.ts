import { Readable } from 'node:stream';
import { buildConnector, type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';
import type { Clock } from '../kernel/clock.ts';
import { createTurnBatch } from '../kernel/turn-batch.ts';
import { withinTime } from './connector.ts';
import { type Exchange, ExchangeHandler, type ExchangeTimeouts } from './exchange.ts';
import type { MultipartBody } from './multipart-body.ts';

/** One HTTP call. `path` is absolute and already encoded; `key` is the account's API key of this attempt. */
export interface CommboxRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly key: string;
  readonly requestId: string;
  readonly traceparent: string | undefined;
  /** JSON bytes, a multipart body, or nothing. */
  readonly body: string | Buffer | MultipartBody | null;
}

export interface CommboxClientOptions {
  readonly origin: string;
  /**
   * Most calls at once, each with a connection of its own. A call beyond that waits for one that ends, however long, and
   * no time limit runs yet: where that must not be, whoever calls keeps count, and shares the client with nobody.
   */
  readonly connections: number;
  readonly clock: Clock;
  readonly timeouts: ExchangeTimeouts;
  /** For everything before the first byte of a request: look-up, connection, a proxy's tunnel, TLS. */
  readonly connectTimeoutMs: number;
  /** Proxy for `https` origins, and the hosts that go without (the conventions of `HTTPS_PROXY` and `NO_PROXY`). */
  readonly proxy?: { readonly https: string; readonly no: string } | undefined;
}

export interface CommboxClient {
  /** One call, one attempt: never retried, never redirected. Never rejects; every end is an `Exchange`. */
  call(request: CommboxRequest): Promise<Exchange>;
  /** Waits for the calls in flight, then closes the connections. */
  close(): Promise<void>;
  /** Ends the calls in flight at once; those already written become `lost`. */
  destroy(): Promise<void>;
}

interface Outgoing {
  readonly request: CommboxRequest;
  readonly ended: (end: Exchange) => void;
  readonly broke: (error: unknown) => void;
}

interface Arrived {
  readonly ended: (end: Exchange) => void;
  readonly end: Exchange;
}

export function createCommboxClient(options: CommboxClientOptions): CommboxClient {
  const { origin, clock, timeouts } = options;
  const dispatcher = createDispatcher(options);

  const dispatch = ({ request, ended }: Outgoing) => {
    const { body } = request;
    const multipart = body !== null && typeof body === 'object' && 'chunks' in body ? body : null;
    const handler = new ExchangeHandler(clock, timeouts, multipart !== null, (end) => arrived({ ended, end }));
    dispatcher.dispatch(
      {
        origin,
        path: request.path,
        method: request.method,
        headers: headersOf(request, multipart),
        body: multipart === null ? (body as string | Buffer | null) : streamOf(multipart, handler),
        // The handler keeps the time itself: undici's limits are per chunk and start at other moments.
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      handler,
    );
  };
  const leave = createTurnBatch<Outgoing>((outgoing) => {
    try {
      dispatch(outgoing);
    } catch (error) {
      outgoing.broke(error);
    }
  }, queueMicrotask);
  const arrived = createTurnBatch<Arrived>(({ ended, end }) => ended(end));

  return {
    call: (request) => new Promise((ended, broke) => leave({ request, ended, broke })),
    close: () => dispatcher.close(),
    destroy: () => dispatcher.destroy(),
  };
}

function streamOf(multipart: MultipartBody, handler: ExchangeHandler): Readable {
  return Readable.from(handler.withProgress(multipart.chunks()), { objectMode: false });
}

function headersOf(request: CommboxRequest, multipart: MultipartBody | null): string[] {
  const headers = [
    'authorization',
    `Bearer ${request.key}`,
    'accept',
    'application/json',
    'x-request-id',
    request.requestId,
  ];
  if (request.traceparent !== undefined) headers.push('traceparent', request.traceparent);
  if (multipart !== null) {
    headers.push('content-type', multipart.contentType, 'content-length', String(multipart.contentLength));
  } else if (request.body !== null) {
    headers.push('content-type', 'application/json');
  }
  return headers;
}

function createDispatcher(options: CommboxClientOptions): Dispatcher {
  const { origin, proxy, connectTimeoutMs } = options;
  // One call per connection keeps "was a byte of it written?" answerable; HTTP/2 would mix them.
  const direct = buildConnector({ timeout: connectTimeoutMs, allowH2: false });
  const limit = { clock: options.clock, timeoutMs: connectTimeoutMs };
  const pool = {
    connections: options.connections,
    pipelining: 1,
    allowH2: false,
    // Idle sockets go before the server's own limit can cut them under a request: after 4 s, or 2 s before the end
    // that the server announces (RFC 9112, 9.3, `Keep-Alive: timeout=`).
    keepAliveTimeout: 4_000,
    keepAliveTimeoutThreshold: 2_000,
    connect: withinTime(direct, limit),
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  if (proxy === undefined || !origin.startsWith('https:')) return new Pool(origin, pool);
  return new EnvHttpProxyAgent({
    ...pool,
    httpsProxy: proxy.https,
    // For calls in clear, of which there are none: left out, undici would read the variable HTTP_PROXY itself.
    httpProxy: '',
    noProxy: proxy.no,
    connectTimeout: connectTimeoutMs,
    // Here undici hands over the connector that goes through the tunnel.
    factory: (url, settings: Pool.Options) => {
      const { connect } = settings;
      const isTunnel = typeof connect === 'function' && connect !== pool.connect;
      return new Pool(url, isTunnel ? { ...settings, connect: withinTime(connect, limit) } : settings);
    },
  });
}
