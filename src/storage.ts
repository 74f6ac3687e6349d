import { join } from 'node:path';
import { createSpool, type Spool } from './attachments/spool.ts';
import { claimDirectory } from './attachments/spool-directory.ts';
import type { Config } from './config/config.ts';
import type { Clock } from './kernel/clock.ts';
import { meaningOf } from './kernel/failure-words.ts';
import { StartError } from './kernel/start-error.ts';
import { DataDirInUse, type DataDirLock, lockDataDir } from './store/data-dir-lock.ts';
import { StorageUnavailable } from './store/errors.ts';
import { explainPostgres } from './store/postgres/failure-text.ts';
import { createPostgresStore, type PostgresStoreOptions } from './store/postgres/postgres-store.ts';
import { replicaId } from './store/replica-id.ts';
import { createSqliteStore } from './store/sqlite/sqlite-store.ts';
import type { Store } from './store/store.ts';

/** The store that the configuration asks for, with what it needs around it. */
export interface Storage {
  readonly store: Store;
  readonly spoolDirectory: string;
  /** Why messages cannot be accepted now; empty if they can. */
  problems(): Promise<readonly string[]>;
  /** Closes the store and frees the directory for another process. */
  close(): Promise<void>;
}

export interface StorageOptions {
  readonly clock: Clock;
  /** Told if another process holds `DATA_DIR`, and for how long its end is waited for. */
  readonly onWait: (mostMs: number) => void;
}

/** How long a second process waits for the first one to end, as in a restart. */
const LOCK_WAIT_MS = 30_000;

/**
 * Opens SQLite in `DATA_DIR`, or PostgreSQL if `DATABASE_URL` is set.
 *
 * @throws StartError if the directory or the database cannot be used.
 */
export async function openStorage(config: Config, options: StorageOptions): Promise<Storage> {
  try {
    return await open(config, options);
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

async function open(config: Config, options: StorageOptions): Promise<Storage> {
  const { dataDir } = config;
  const { clock } = options;
  const lock = await claimDataDir(dataDir, options);
  try {
    const spoolDirectory = join(dataDir, 'spool');
    const databaseUrl = config.databaseUrl();
    const store =
      databaseUrl === null
        ? await createSqliteStore({ file: join(dataDir, 'gateway.db'), owner: 'gateway', clock, spoolDirectory })
        : await openPostgres({ databaseUrl, owner: await replicaId(dataDir), clock, spoolDirectory });
    return {
      store,
      spoolDirectory,
      problems: createStoreProblems(store, clock),
      async close() {
        await store.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * Opens the spool of a storage: what no stored message needs any more is removed.
 *
 * @throws StartError if the directory cannot be used; the storage is closed then.
 */
export async function openSpool(storage: Storage): Promise<Spool> {
  const { store, spoolDirectory: directory } = storage;
  try {
    return await createSpool({ directory, keep: await store.neededFiles() });
  } catch (error) {
    await storage.close();
    throw new StartError(`the attachment spool ${directory} cannot be used: ${reasonOf(error)}`, { cause: error });
  }
}

async function openPostgres(options: PostgresStoreOptions): Promise<Store> {
  try {
    return await createPostgresStore(options);
  } catch (error) {
    if (!(error instanceof StorageUnavailable)) throw error;
    throw new Error(`PostgreSQL of DATABASE_URL: ${explainPostgres(error.cause)}`, { cause: error });
  }
}

async function claimDataDir(directory: string, { clock, onWait }: StorageOptions): Promise<DataDirLock> {
  try {
    await claimDirectory(directory);
    return await lockDataDir({ directory, clock, waitMs: LOCK_WAIT_MS, onWait: () => onWait(LOCK_WAIT_MS) });
  } catch (error) {
    if (error instanceof DataDirInUse) throw error;
    throw new Error(`DATA_DIR (${directory}) cannot be used: ${reasonOf(error)}`, { cause: error });
  }
}

function reasonOf(error: unknown): string {
  return meaningOf(error) ?? (error instanceof Error ? error.message : String(error));
}

/** How long a readiness that was found is told to whoever else asks. */
const SHARED_MS = 500;

/**
 * Why messages cannot be accepted now; empty if they can. A check writes, and anybody may ask: all who ask while one
 * runs, or within 500 ms of its end, get its result.
 */
export function createStoreProblems(store: Pick<Store, 'check'>, clock: Clock): Storage['problems'] {
  let latest: Promise<readonly string[]> | null = null;
  let sharedUntil = 0;
  return () => {
    if (latest !== null && clock.monotonic() < sharedUntil) return latest;
    sharedUntil = Number.POSITIVE_INFINITY;
    latest = problemsOf(store).finally(() => {
      sharedUntil = clock.monotonic() + SHARED_MS;
    });
    return latest;
  };
}

async function problemsOf(store: Pick<Store, 'check'>): Promise<readonly string[]> {
  try {
    await store.check();
    return [];
  } catch (error) {
    if (error instanceof StorageUnavailable) return ['the store cannot be written'];
    throw error;
  }
}
