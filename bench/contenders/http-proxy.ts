import proxy from '@fastify/http-proxy';
import Fastify from 'fastify';
import { readSettings } from './settings.ts';

const { port, upstream, authorization } = readSettings(process.env);
const app = Fastify({ logger: false });

await app.register(proxy, {
  upstream,
  undici: { connections: 50, pipelining: 1 },
  replyOptions: { rewriteRequestHeaders: (_, headers) => ({ ...headers, authorization }) },
});

await app.listen({ port, host: '127.0.0.1' });
