import t from 'tap';
import type { Database } from '../../src/store/sqlite/database.ts';
import { startEngine } from './sqlite-support.ts';

t.test('a commit is on the disk when it is told of, power loss or not, and what is deleted is overwritten', (t) => {
  let opened: Database | null = null;
  startEngine(t, (database) => {
    opened = database;
    return database;
  });
  // Numbers are those of https://sqlite.org/pragma.html: synchronous 2 = FULL, secure_delete 1 = ON, temp_store 2 = MEMORY.
  const settings = { journal_mode: 'wal', synchronous: 2, secure_delete: 1, foreign_keys: 1, temp_store: 2 };
  const ask = (name: string) => (opened as Database | null)?.one(`PRAGMA ${name}`)?.[name];
  t.strictSame(Object.fromEntries(Object.keys(settings).map((name) => [name, ask(name)])), settings);
  t.end();
});
