import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { storeContract } from './contract.ts';

// Each of its tests starts threads, which a busy machine is slow to do.
t.setTimeout(300_000);

await storeContract(t, 'SQLite', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'store-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const spoolDirectory = join(directory, 'spool');
  mkdirSync(spoolDirectory);
  return {
    isShared: false,
    spoolOf: () => spoolDirectory,
    open: ({ owner, clock }) =>
      createSqliteStore({ file: join(directory, 'gateway.db'), owner, clock, spoolDirectory }),
  };
});
