import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import Fastify from 'fastify';

const { PORT, DATA_DIR } = process.env;
if (PORT === undefined || DATA_DIR === undefined) throw new Error('contenders are started by bench/run.ts');

mkdirSync(DATA_DIR, { recursive: true, mode: 0o700 });
const database = new DatabaseSync(join(DATA_DIR, 'bare.db'));
database.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE messages (id TEXT PRIMARY KEY, body TEXT NOT NULL, created INTEGER NOT NULL) STRICT;
`);
const insert = database.prepare('INSERT INTO messages (id, body, created) VALUES (?, ?, ?)');

interface Waiting {
  readonly id: string;
  readonly body: string;
  readonly resolve: () => void;
}
let waiting: Waiting[] = [];

function store(id: string, body: string): Promise<void> {
  return new Promise((resolve) => {
    if (waiting.push({ id, body, resolve }) === 1) setImmediate(commit);
  });
}

// An error ends the process, and with it the measurement.
function commit(): void {
  const group = waiting;
  waiting = [];
  database.exec('BEGIN IMMEDIATE');
  for (const { id, body } of group) insert.run(id, body, Date.now());
  database.exec('COMMIT');
  for (const { resolve } of group) resolve();
}

// The least that "stored before it is answered" can cost: no check, no index but the id's, one commit for each turn.
const app = Fastify({ logger: false });
app.post('/v1/sms', async (request, reply) => {
  const id = randomUUID();
  await store(id, JSON.stringify(request.body));
  return reply.code(202).send({ id, status: 'queued' });
});

await app.listen({ port: Number(PORT), host: '127.0.0.1' });
