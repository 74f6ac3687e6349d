import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { Call } from '../../src/store/sqlite/call.ts';
import { type Database, openDatabase } from '../../src/store/sqlite/database.ts';
import { createEngine, type Engine } from '../../src/store/sqlite/engine.ts';
import type { OperationName, Operations } from '../../src/store/sqlite/operations.ts';

/** A directory with a spool, gone with its test. */
export function storeDirectory(t: Test): { readonly file: string; readonly spoolDirectory: string } {
  const directory = mkdtempSync(join(tmpdir(), 'store-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const spoolDirectory = join(directory, 'spool');
  mkdirSync(spoolDirectory);
  return { file: join(directory, 'gateway.db'), spoolDirectory };
}

/** The engine without its thread, over a file of its own; `wrap` may look into the database or hinder it. */
export function startEngine(t: Test, wrap: (database: Database) => Database = (database) => database): Engine {
  const { file, spoolDirectory } = storeDirectory(t);
  const engine = createEngine({
    database: wrap(openDatabase(file)),
    place: file,
    owner: 'a',
    spoolDirectory,
    openedAt: 1,
  });
  t.teardown(() => engine.close());
  return engine;
}

export function call<Name extends OperationName>(name: Name, ...args: Parameters<Operations[Name]>): Call {
  return { name, args };
}
