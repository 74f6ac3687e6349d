import pg from 'pg';
import { type Migration, pendingMigrations, SchemaTooNew } from '../migrations.ts';
import { connectionOptions } from './database.ts';
import { migrations } from './migrations.ts';
import { storageUnavailable } from './storage-errors.ts';

/** The database was made in a way that this gateway cannot work with. The message is for those who run it. */
export class UnusableDatabase extends Error {
  override readonly name = 'UnusableDatabase';
}

// Any number would do, as long as nothing else in the database uses it: "commbox" in ASCII.
const LOCK = '27988542838665080';
const LOCK_TIMEOUT_MS = 60_000;
// The first that can hold NULLs for equal in a unique constraint.
const OLDEST_SERVER = 15;

/**
 * Brings the schema up to date, in one transaction under a lock, so that replicas may start at once: one does the work,
 * the others wait for it. Rejects with `SchemaTooNew` if a newer gateway has been here, with `UnusableDatabase` if the
 * server is older than PostgreSQL 15 or the database's encoding not UTF8, and with `StorageUnavailable` if it cannot be reached.
 */
export async function migrate(databaseUrl: string, steps: readonly Migration[] = migrations): Promise<void> {
  try {
    await withClient(databaseUrl, async (client) => {
      await client.query('BEGIN');
      await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
      await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
      await checkServer(client);
      const pending = pendingMigrations(steps, await currentVersion(client), 'the database of DATABASE_URL');
      for (const { sql, version } of pending) {
        await client.query(sql);
        await client.query('UPDATE commbox_gateway.schema_version SET version = $1', [version]);
      }
      await client.query('COMMIT');
    });
  } catch (error) {
    throw error instanceof SchemaTooNew || error instanceof UnusableDatabase ? error : storageUnavailable(error);
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

async function checkServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ release: number; encoding: string }>(
    "SELECT current_setting('server_version_num')::integer / 10000 AS release, getdatabaseencoding() AS encoding",
  );
  for (const { release, encoding } of rows) {
    if (release < OLDEST_SERVER) {
      throw new UnusableDatabase(`the database is PostgreSQL ${release}; messages need ${OLDEST_SERVER} or later`);
    }
    if (encoding !== 'UTF8') {
      throw new UnusableDatabase(`the database stores text as ${encoding}; messages need one with the encoding UTF8`);
    }
  }
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
