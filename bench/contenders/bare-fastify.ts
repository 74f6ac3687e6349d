import Fastify from 'fastify';
import { Pool } from 'undici';
import { readSettings } from './settings.ts';

const { port, upstream, authorization } = readSettings(process.env);
const pool = new Pool(upstream, { connections: 50 });
const app = Fastify({ logger: false });

// What one writes first: Fastify parses the JSON, undici sends it on, the answer comes back. No check of any kind.
app.post('/streams/:streamId/objects', async (request, reply) => {
  const { statusCode, headers, body } = await pool.request({
    path: request.url,
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify(request.body),
  });
  reply.code(statusCode).type(String(headers['content-type']));
  return reply.send(await body.text());
});

await app.listen({ port, host: '127.0.0.1' });
