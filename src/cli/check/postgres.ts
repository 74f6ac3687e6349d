import { Socket } from 'node:net';
import pg from 'pg';
import { pendingMigrations, SchemaTooNew } from '../../store/migrations.ts';
import { connectionOptions } from '../../store/postgres/database.ts';
import { explainPostgres } from '../../store/postgres/failure-text.ts';
import { migrations } from '../../store/postgres/migrations.ts';
import { type Check, failed, ok } from './check.ts';
import { schemaText } from './sqlite.ts';

const QUERY_TIMEOUT_MS = 4_000;

/** A connection for one check. `destroy` ends it whatever state it is in. */
export interface PostgresCheck {
  run(): Promise<readonly Check[]>;
  destroy(): void;
}

/**
 * Whether PostgreSQL answers, can be written, and has a schema that this gateway knows. What is written is rolled back.
 * Nothing of `DATABASE_URL` is shown: what of it is the password depends on how it was quoted.
 */
export function createPostgresCheck(databaseUrl: string): PostgresCheck {
  const socket = new Socket();
  return {
    async run() {
      try {
        const client = new pg.Client({
          ...connectionOptions(databaseUrl),
          query_timeout: QUERY_TIMEOUT_MS,
          lock_timeout: QUERY_TIMEOUT_MS,
          stream: () => socket,
        });
        client.on('error', () => undefined);
        await client.connect();
        return [await inspect(client)];
      } catch (error) {
        if (error instanceof SchemaTooNew) return [failed('store', error.message)];
        return [failed('store', `PostgreSQL of DATABASE_URL: ${explainPostgres(error)}`)];
      } finally {
        socket.destroy();
      }
    },
    destroy: () => socket.destroy(),
  };
}

interface Server {
  readonly version: string;
  readonly encoding: string;
  readonly is_made: boolean;
  readonly may_make: boolean;
}

async function inspect(client: pg.Client): Promise<Check> {
  const { rows } = await client.query<Server>(`
    SELECT current_setting('server_version') AS version, current_setting('server_encoding') AS encoding,
      to_regclass('commbox_gateway.schema_version') IS NOT NULL AS is_made,
      has_database_privilege(current_database(), 'CREATE') AS may_make`);
  const [server] = rows;
  if (server === undefined) return failed('store', 'PostgreSQL said nothing about itself');
  if (server.encoding !== 'UTF8') {
    return failed('store', `PostgreSQL stores text as ${server.encoding}; messages need a database with UTF8`);
  }
  // The version's number alone; packagers add words to it.
  const name = `PostgreSQL ${server.version.split(' ')[0]}`;
  if (!server.is_made) {
    if (server.may_make) return ok('store', `${name}, its tables are made at the first start`);
    return failed('store', `${name}: the user may not make the schema commbox_gateway`);
  }
  const version = await writtenVersion(client);
  const pending = pendingMigrations(migrations, version, 'the database of DATABASE_URL');
  return ok('store', `${name}, readable and writable, ${schemaText(version, pending)}`);
}

/** The schema's version, after a write to its row that is rolled back. */
async function writtenVersion(client: pg.Client): Promise<number> {
  await client.query('BEGIN');
  const { rows } = await client.query<{ version: number }>(
    'UPDATE commbox_gateway.schema_version SET version = version RETURNING version',
  );
  await client.query('ROLLBACK');
  return rows[0]?.version ?? 0;
}
