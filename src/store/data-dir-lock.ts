import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Clock, sleep } from '../kernel/clock.ts';

export interface DataDirLock {
  /** Lets the next process in. Harmless if repeated. */
  release(): void;
}

export interface DataDirLockOptions {
  /** The data directory; it must exist. */
  readonly directory: string;
  readonly clock: Clock;
  /** How long another process may take to end, e.g. the one that this one replaces. */
  readonly waitMs: number;
  /** Told once, if another process holds it. */
  readonly onWait?: () => void;
}

/** Another process owns the data directory. The message tells the operator what to do. */
export class DataDirInUse extends Error {
  override readonly name = 'DataDirInUse';
}

const LOCK_FILE = 'lock.db';
const TRY_EVERY_MS = 250;

/**
 * Owns the data directory until released, or until this process dies in whatever way: the lock is one that the system
 * keeps on an open file. Node has no file locks of its own, but SQLite takes one for an exclusive transaction
 * (https://sqlite.org/lockingv3.html), so an empty database beside the real one holds such a transaction open.
 *
 * Rejects with `DataDirInUse` after `waitMs`, and at once with SQLite's or the system's error if the directory cannot
 * be written.
 */
export async function lockDataDir({ directory, clock, waitMs, onWait }: DataDirLockOptions): Promise<DataDirLock> {
  const file = join(directory, LOCK_FILE);
  const startedAt = clock.monotonic();
  for (let tries = 0; ; tries++) {
    const lock = tryLock(file);
    if (lock !== null) return lock;
    if (tries === 0) onWait?.();
    if (clock.monotonic() - startedAt >= waitMs) {
      throw new DataDirInUse(
        `the data directory ${directory} is in use by another gateway process: ` +
          'end that one, give this one a DATA_DIR of its own, or set DATABASE_URL to run several on PostgreSQL',
      );
    }
    await sleep(clock, TRY_EVERY_MS);
  }
}

/**
 * Whether a process owns the directory now. Takes nothing from it: what is asked for is a reader's share of the lock,
 * given back at once, and a gateway that starts in just that moment tries again. Throws what SQLite throws.
 */
export function isDataDirLocked(directory: string): boolean {
  const file = join(directory, LOCK_FILE);
  if (!existsSync(file)) return false;
  const connection = new DatabaseSync(file, { readOnly: true, timeout: 0 });
  try {
    connection.prepare('SELECT count(*) FROM sqlite_schema').get();
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw error;
  } finally {
    connection.close();
  }
}

function tryLock(file: string): DataDirLock | null {
  closeSync(openSync(file, 'a', 0o600));
  const connection = new DatabaseSync(file, { timeout: 0 });
  try {
    connection.exec('BEGIN EXCLUSIVE');
    let isHeld = true;
    return {
      release() {
        if (isHeld) connection.close();
        isHeld = false;
      },
    };
  } catch (error) {
    connection.close();
    if (isBusy(error)) return null;
    throw error;
  }
}

// SQLITE_BUSY, with whatever detail in the upper bits (https://sqlite.org/rescode.html).
function isBusy(error: unknown): boolean {
  return (
    error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' && (error.errcode & 0xff) === 5
  );
}
