import { type IncomingHttpHeaders, type IncomingMessage, request as openRequest } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  /** The body as JSON; throws if it is none. */
  json(): Record<string, unknown>;
}

export type RequestHeaders = Readonly<Record<string, string | readonly string[]>>;

export interface Call {
  readonly method?: string;
  /** Goes out exactly as it stands here: nothing is decoded, encoded or resolved. */
  readonly path: string;
  readonly headers?: RequestHeaders;
  readonly body?: string | Uint8Array;
}

/** One request on a connection of its own. Resolves with the whole answer; rejects when there is none. */
export function call(port: number, { method = 'POST', path, headers = {}, body }: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const options = { host: '127.0.0.1', port, method, path, headers: { ...length, ...headers }, agent: false };
    const request = openRequest(options, (response) => read(response).then(resolve, reject));
    request.once('error', reject);
    request.end(body);
  });
}

async function read(response: IncomingMessage): Promise<Answer> {
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  const text = bytes.toString('utf8');
  const json = () => JSON.parse(text) as Record<string, unknown>;
  return { status: response.statusCode ?? 0, headers: response.headers, bytes, text, json };
}
