import { closeSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { pendingMigrations } from '../migrations.ts';
import { sqliteMigrations } from './migrations.ts';

export type Cells = { readonly [column: string]: SQLOutputValue };
/** By name, or by place for `?`, which costs half as much where there are many. */
export type Values = NamedValues | readonly SQLInputValue[];
export type NamedValues = { readonly [name: string]: SQLInputValue };

/** Prepared statements over one connection. Everything is synchronous and throws what SQLite throws. */
export interface Database {
  all(sql: string, values?: Values): readonly Cells[];
  one(sql: string, values?: Values): Cells | undefined;
  /** Returns how many rows changed. */
  run(sql: string, values?: Values): number;
  /** Returns the row number of the inserted row. Only for a plain INSERT of one row. */
  insert(sql: string, values?: Values): number;
  readonly isTransaction: boolean;
  close(): void;
}

// How long a commit may wait for another process before it counts as failed.
const BUSY_TIMEOUT_MS = 5_000;
// FULL: a commit survives power loss. temp_store: what is sorted must not reach a temporary file in clear.
const SETTINGS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA secure_delete = ON;
  PRAGMA foreign_keys = ON;
  PRAGMA temp_store = MEMORY;
  PRAGMA cache_size = -16384;
`;
// Lists build their statement from the filter; beyond this many texts the oldest is prepared anew.
const STATEMENTS_KEPT = 200;

/**
 * Opens the file, made for its owner alone if it is missing, and brings its schema up to date. Throws what SQLite
 * throws, or `SchemaTooNew`.
 */
export function openDatabase(file: string): Database {
  // SQLite gives its -wal and -shm files the mode of this one.
  closeSync(openSync(file, 'a', 0o600));
  const connection = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    connection.exec(SETTINGS);
    migrate(connection, file);
    return createDatabase(connection);
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Prepares each text once. The connection is closed with it. */
export function createDatabase(connection: DatabaseSync): Database {
  const statements = new Map<string, StatementSync>();

  const prepared = (sql: string): StatementSync => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const statement = connection.prepare(sql);
    statements.set(sql, statement);
    for (const oldest of statements.keys()) {
      if (statements.size <= STATEMENTS_KEPT) break;
      statements.delete(oldest);
    }
    return statement;
  };

  const change = (sql: string, values: Values) =>
    isByPlace(values) ? prepared(sql).run(...values) : prepared(sql).run(values);

  return {
    all: (sql, values = {}) => (isByPlace(values) ? prepared(sql).all(...values) : prepared(sql).all(values)),
    one: (sql, values = {}) => (isByPlace(values) ? prepared(sql).get(...values) : prepared(sql).get(values)),
    run: (sql, values = {}) => Number(change(sql, values).changes),
    insert: (sql, values = {}) => Number(change(sql, values).lastInsertRowid),
    get isTransaction() {
      return connection.isTransaction;
    },
    close: () => connection.close(),
  };
}

function isByPlace(values: Values): values is readonly SQLInputValue[] {
  return Array.isArray(values);
}

function migrate(connection: DatabaseSync, place: string): void {
  // The lock comes first, so that of two processes that start at once the second finds the work done.
  connection.exec('BEGIN IMMEDIATE');
  try {
    const current = Number(connection.prepare('PRAGMA user_version').get()?.['user_version']);
    for (const { version, sql } of pendingMigrations(sqliteMigrations, current, `the database ${place}`)) {
      connection.exec(sql);
      connection.exec(`PRAGMA user_version = ${version}`);
    }
    connection.exec('COMMIT');
  } catch (error) {
    if (connection.isTransaction) connection.exec('ROLLBACK');
    throw error;
  }
}
