import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Test } from 'tap';
import type { Simulator } from '../../src/simulator/server.ts';
import { gatewayEnv } from '../support/gateway.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';

/** A store for gateways to share or to have alone, seen from outside. */
export interface Place {
  /** The environment of a gateway with a new `DATA_DIR`. */
  env(simulator: Simulator): Promise<Record<string, string>>;
  /** The messages that are `sending`, by the store's own files or server. */
  sending(): Promise<readonly string[]>;
}

const SENDING = `SELECT id FROM commbox_gateway.messages WHERE state = 'sending'`;

/** One SQLite database, for one gateway at a time. */
export async function sqlitePlace(t: Test): Promise<Place & { readonly dataDir: string }> {
  const dataDir = await newDirectory(t);
  return {
    dataDir,
    env: (simulator) => Promise.resolve(environment(simulator, dataDir)),
    async sending() {
      const database = new DatabaseSync(join(dataDir, 'gateway.db'));
      try {
        return idsOf(database.prepare(SENDING.replace('commbox_gateway.', '')).all());
      } finally {
        database.close();
      }
    },
  };
}

/** One PostgreSQL database, for any number of gateways. */
export async function postgresPlace(t: Test): Promise<Place & { readonly server: PostgresServer }> {
  const server = await startPostgres(t);
  const url = await server.freshDatabase();
  return {
    server,
    env: async (simulator) => ({ ...environment(simulator, await newDirectory(t)), DATABASE_URL: url }),
    sending: async () => idsOf(await server.run(url, SENDING)),
  };
}

async function newDirectory(t: Test): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'gateway-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

const idsOf = (rows: readonly Readonly<Record<string, unknown>>[]) => rows.map(({ id }) => String(id));

const environment = (simulator: Simulator, dataDir: string) => ({
  ...gatewayEnv(simulator, dataDir),
  UPSTREAM_CONCURRENCY: '12',
});
