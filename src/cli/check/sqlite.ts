import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pendingMigrations, SchemaTooNew } from '../../store/migrations.ts';
import { sqliteMigrations } from '../../store/sqlite/migrations.ts';
import { type Check, failed, ok } from './check.ts';

// Long enough for a commit of whoever else looks at the file, short enough for a person.
const BUSY_TIMEOUT_MS = 1_000;

/**
 * Whether SQLite's file can be read and written and has a schema that this gateway knows. Changes nothing in it: a
 * write lock is taken and given back. Of a file that a running gateway uses only the reading is tried.
 */
export function checkSqlite(file: string, isInUse: boolean): Check {
  if (!existsSync(file)) return ok('store', `SQLite: ${file} is made at the first start`);
  let connection: DatabaseSync | null = null;
  try {
    connection = new DatabaseSync(file, { readOnly: isInUse, timeout: BUSY_TIMEOUT_MS });
    const version = Number(connection.prepare('PRAGMA user_version').get()?.['user_version']);
    const pending = pendingMigrations(sqliteMigrations, version, `the database ${file}`);
    if (!isInUse) connection.exec('BEGIN IMMEDIATE; ROLLBACK');
    return ok('store', `SQLite, ${isInUse ? 'readable' : 'readable and writable'}, ${schemaText(version, pending)}`);
  } catch (error) {
    if (error instanceof SchemaTooNew) return failed('store', error.message);
    return failed('store', `${file} cannot be used: ${reasonOf(error)}`);
  } finally {
    connection?.close();
  }
}

/** The schema's version, and the one that the next start makes of it. */
export function schemaText(version: number, pending: readonly { readonly version: number }[]): string {
  const next = pending.at(-1)?.version;
  return next === undefined ? `schema version ${version}` : `schema version ${version}, ${next} from the next start on`;
}

/** SQLite's words for the code (https://sqlite.org/rescode.html); the error's own message could quote data. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error && 'errstr' in error ? error.errstr : undefined;
  return typeof text === 'string' ? text : 'it failed';
}
