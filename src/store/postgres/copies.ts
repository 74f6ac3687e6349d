import { readdir, rm } from 'node:fs/promises';
import type { SpooledFile } from '../../attachments/spool.ts';
import type { Clock } from '../../kernel/clock.ts';

/**
 * The copies of attachments in this machine's spool that nobody here will ask for again: of messages that were accepted
 * here and ended elsewhere, and what was left over when news of that was missed.
 */
export interface Copies {
  /** Remembers the copies of a message that any process may send, whether accepted or fetched here. */
  keep(messageId: string, files: readonly SpooledFile[]): void;
  /** The message has moved on in this process, which knows best what it still needs. */
  forget(messageId: string): void;
  /** The message has moved on in another process: the copies go; whoever needs the files finds them in the database. */
  discard(messageId: string): Promise<void>;
  /** Names in the spool that have been without a message for an hour. `findNeeded` gives those that have one. */
  strays(findNeeded: () => Promise<ReadonlySet<string>>): Promise<readonly string[]>;
}

// Longer than any attempt lasts: a message that is not stored, but being sent, needs its files too.
const STRAY_AFTER_MS = 3_600_000;
const SPOOL_NAME = /^[0-9a-f]{32}$/;

export function createCopies(options: { readonly spoolDirectory: string; readonly clock: Clock }): Copies {
  const { spoolDirectory, clock } = options;
  const kept = new Map<string, readonly SpooledFile[]>();
  let seen = new Map<string, number>();

  return {
    keep(messageId, files) {
      kept.set(messageId, files);
    },
    forget(messageId) {
      kept.delete(messageId);
    },
    async discard(messageId) {
      const files = kept.get(messageId);
      if (files === undefined) return;
      kept.delete(messageId);
      // A file that resists becomes a stray.
      for (const { path } of files) await rm(path, { force: true }).catch(() => undefined);
    },
    async strays(findNeeded) {
      const now = clock.now();
      const present = (await readdir(spoolDirectory).catch(() => [])).filter((name) => SPOOL_NAME.test(name));
      if (present.length === 0) return [];
      const needed = await findNeeded();
      const unneeded = present.filter((name) => !needed.has(name));
      seen = new Map(unneeded.map((name) => [name, Math.min(seen.get(name) ?? now, now)]));
      return unneeded.filter((name) => now - (seen.get(name) ?? now) >= STRAY_AFTER_MS);
    },
  };
}
