import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { createPostgresStore } from '../../src/store/postgres/postgres-store.ts';
import type { PostgresServer } from '../support/postgres.ts';
import type { StorePlace } from './contract.ts';

/** A fresh database, with a spool for each process. Leases are judged by the clock that the test moves. */
export async function postgresPlace(t: Test, server: PostgresServer): Promise<StorePlace & { readonly url: string }> {
  const url = await server.freshDatabase();
  const directory = mkdtempSync(join(tmpdir(), 'commbox-gateway-spools-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const spoolOf = (owner: string) => {
    const spool = join(directory, owner);
    mkdirSync(spool, { recursive: true, mode: 0o700 });
    return spool;
  };
  return {
    url,
    spoolOf,
    isShared: true,
    open: ({ owner, clock }) =>
      createPostgresStore({
        databaseUrl: url,
        owner,
        clock,
        spoolDirectory: spoolOf(owner),
        connections: 4,
        leasesJudgedBy: 'injected',
      }),
  };
}
