import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Test } from 'tap';
import type { PostgresServer } from '../../support/postgres.ts';

/** Where a gateway keeps what it has accepted, as the tests may treat it. */
export interface Storage {
  readonly dataDir: string;
  /** What a gateway on it needs in its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Several gateways may use it at once, each with a directory of its own. */
  readonly isShared: boolean;
  /** What a gateway finds that starts after the one before died on the spot. */
  afterCrash(): Promise<Storage>;
  /** The time of everybody's lease is over, though they live; nothing where only one can use it. */
  endLeases(): Promise<void>;
  /** Whether this text lies anywhere in it. */
  holds(text: string): Promise<boolean>;
  /** Takes it away from the gateway; the returned function gives it back. */
  takeAway(): Promise<() => Promise<void>>;
}

export type CreateStorage = (t: Test) => Promise<Storage>;

export const createSqliteStorage: CreateStorage = async (t) => sqliteStorage(t, await directory(t));

function sqliteStorage(t: Test, dataDir: string): Storage {
  return {
    dataDir,
    env: {},
    isShared: false,
    async afterCrash() {
      const copy = await directory(t);
      await cp(dataDir, copy, { recursive: true });
      return sqliteStorage(t, copy);
    },
    endLeases: async () => {},
    async holds(text) {
      const names = (await readdir(dataDir, { recursive: true, withFileTypes: true })).filter((entry) =>
        entry.isFile(),
      );
      const contents = await Promise.all(names.map(({ parentPath, name }) => readFile(join(parentPath, name))));
      return contents.some((bytes) => bytes.includes(text));
    },
    async takeAway() {
      const other = new DatabaseSync(join(dataDir, 'gateway.db'));
      other.exec('BEGIN IMMEDIATE');
      return async () => other.close();
    },
  };
}

/** Each storage is a new database of the server. */
export function postgresStorages(server: PostgresServer): CreateStorage {
  const endLeases = async (url: string) => {
    await server.run(url, 'UPDATE commbox_gateway.replicas SET lease_until = 0');
  };
  const storage = async (t: Test, url: string): Promise<Storage> => ({
    dataDir: await directory(t),
    env: { DATABASE_URL: url },
    isShared: true,
    async afterCrash() {
      // The dead hear nothing: what others say would make them answer, and live on.
      await server.run(
        url,
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
      );
      // Another process may take over when the lease of the dead one has run out.
      await endLeases(url);
      return storage(t, url);
    },
    endLeases: () => endLeases(url),
    async holds(text) {
      const tables = ['messages', 'message_files', 'idempotency_keys'];
      const all = tables.map((name) => `SELECT r::text AS text FROM commbox_gateway.${name} r`).join(' UNION ALL ');
      return (await server.run(url, all)).some((row) => String(row['text']).includes(text));
    },
    async takeAway() {
      await server.stop('fast');
      return () => server.start();
    },
  });
  return async (t) => storage(t, await server.freshDatabase());
}

async function directory(t: Test): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'gateway-data-'));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}
