import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import t from 'tap';
import { createSqliteStorage, type Storage } from '../e2e/stored/storage.ts';
import { proveNoLeak } from './prove.ts';
import { bytesBelow } from './stage.ts';

const DATABASE = 'gateway.db';

/**
 * Every file, its log too, but of the database itself what its pages hold: in their unused parts SQLite may leave copies
 * of rows that it moved, as docs/guarantees.md says.
 */
async function dump({ dataDir }: Storage): Promise<Buffer> {
  const directory = await mkdtemp(join(tmpdir(), 'canary-dump-'));
  const copy = join(directory, DATABASE);
  const database = new DatabaseSync(join(dataDir, DATABASE), { readOnly: true });
  try {
    database.prepare('VACUUM INTO ?').run(copy);
    return Buffer.concat([await bytesBelow(dataDir, DATABASE), await readFile(copy)]);
  } finally {
    database.close();
    await rm(directory, { recursive: true });
  }
}

t.setTimeout(300_000);
proveNoLeak(t, () => createSqliteStorage(t), dump);
