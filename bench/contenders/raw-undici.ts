import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Dispatcher, Pool } from 'undici';
import { readSettings } from './settings.ts';

const { port, upstream, authorization } = readSettings(process.env);
const pool = new Pool(upstream, { connections: 50, headersTimeout: 0, bodyTimeout: 0 });

/** The least that a hop in Node can do: collect the body, dispatch it, hand back what comes. */
function forward(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const chunks: Buffer[] = [];
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart() {},
    onResponseStart(_, status, headers) {
      response.statusCode = status;
      response.setHeader('content-type', headers['content-type'] ?? 'application/octet-stream');
    },
    onResponseData: (_, chunk) => chunks.push(chunk),
    onResponseEnd: () => response.end(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)),
    onResponseError: (_, error) => response.writeHead(502).end(error.message),
  };
  const headers = ['authorization', authorization, 'content-type', 'application/json'];
  pool.dispatch({ path: request.url ?? '/', method: 'POST', headers, body }, handler);
}

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => forward(request, response, Buffer.concat(chunks)));
}).listen(port, '127.0.0.1');
