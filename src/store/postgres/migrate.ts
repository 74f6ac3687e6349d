import pg from 'pg';
import { connectionOptions } from './database.ts';
import { migrations } from './migrations.ts';
import { storageUnavailable } from './storage-errors.ts';

/** The database cannot serve this gateway, now or later. The message is for those who run it. */
export class UnusableDatabase extends Error {
  override readonly name = 'UnusableDatabase';
}

// Any number would do, as long as nothing else in the database uses it: "commbox" in ASCII.
const LOCK = '27988542838665080';
const LOCK_TIMEOUT_MS = 60_000;

/**
 * Brings the schema up to date, in one transaction under a lock, so that replicas may start at once: one does the work,
 * the others wait for it. Rejects with `UnusableDatabase` if a newer gateway has been here, and with
 * `StorageUnavailable` if the database cannot be reached.
 */
export async function migrate(databaseUrl: string, steps: readonly string[] = migrations): Promise<void> {
  try {
    await withClient(databaseUrl, async (client) => {
      await client.query('BEGIN');
      await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
      await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
      await checkEncoding(client);
      const version = await currentVersion(client);
      if (version > steps.length) throw newerSchema(version, steps.length);
      for (const step of steps.slice(version)) await client.query(step);
      await client.query('UPDATE commbox_gateway.schema_version SET version = $1', [steps.length]);
      await client.query('COMMIT');
    });
  } catch (error) {
    throw error instanceof UnusableDatabase ? error : storageUnavailable(error);
  }
}

async function withClient(databaseUrl: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  // A step may rewrite a large table; nothing but an operator should interrupt it.
  const client = new pg.Client({ ...connectionOptions(databaseUrl), statement_timeout: false, query_timeout: 0 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function checkEncoding(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ server_encoding: string }>('SHOW server_encoding');
  const encoding = rows[0]?.server_encoding;
  if (encoding === 'UTF8') return;
  throw new UnusableDatabase(`the database stores text as ${encoding}; messages need one with the encoding UTF8`);
}

async function currentVersion(client: pg.Client): Promise<number> {
  // Asked first because CREATE … IF NOT EXISTS demands the right to create even where nothing is to be created.
  const { rows: found } = await client.query<{ is_there: boolean }>(
    "SELECT to_regnamespace('commbox_gateway') IS NOT NULL AS is_there",
  );
  if (found[0]?.is_there !== true) await client.query('CREATE SCHEMA commbox_gateway');
  await client.query('CREATE TABLE IF NOT EXISTS commbox_gateway.schema_version (version integer NOT NULL)');
  const { rows } = await client.query<{ version: number }>('SELECT version FROM commbox_gateway.schema_version');
  if (rows[0] !== undefined) return rows[0].version;
  await client.query('INSERT INTO commbox_gateway.schema_version (version) VALUES (0)');
  return 0;
}

function newerSchema(found: number, known: number): UnusableDatabase {
  return new UnusableDatabase(
    `the database has schema ${found}, written by a newer gateway; this one knows schemas up to ${known}: ` +
      'start the newer version again, or restore a backup made before the upgrade',
  );
}
