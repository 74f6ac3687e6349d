import type { Test } from 'tap';
import { startPostgres } from '../../support/postgres.ts';
import { type Suite, startOn } from './stage.ts';
import { createSqliteStorage, postgresStorages } from './storage.ts';

const LONGEST_RUN_MS = 300_000;

/** What stored messages promise, whatever they are stored in. */
export async function onEveryStorage(t: Test, suites: Readonly<Record<string, Suite>>): Promise<void> {
  t.setTimeout(LONGEST_RUN_MS);
  const postgres = await startPostgres(t);
  const storages = { SQLite: createSqliteStorage, PostgreSQL: postgresStorages(postgres) };
  for (const [storage, create] of Object.entries(storages)) {
    for (const [name, suite] of Object.entries(suites)) {
      t.test(`${name}, on ${storage}`, async (t) => suite(t, startOn(create)));
    }
  }
}
