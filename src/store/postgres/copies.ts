import { readdir, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import type { SpooledFile } from '../../attachments/spool.ts';
import { isSpoolName } from '../../attachments/spool-directory.ts';
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
  /**
   * Names that the spool need not know any more: discarded ones, once each, and those of files that have been without a
   * message for an hour. `findNeeded` gives those that have one.
   */
  unneeded(findNeeded: () => Promise<ReadonlySet<string>>): Promise<readonly string[]>;
}

// Longer than any attempt lasts: a message that is not stored, but being sent, needs its files too.
const STRAY_AFTER_MS = 3_600_000;

export function createCopies(options: { readonly spoolDirectory: string; readonly clock: Clock }): Copies {
  const { spoolDirectory, clock } = options;
  const kept = new Map<string, readonly SpooledFile[]>();
  const discarded = new Set<string>();
  let seen = new Map<string, number>();

  return {
    keep(messageId, files) {
      kept.set(messageId, files);
      for (const { path } of files) discarded.delete(basename(path));
    },
    forget(messageId) {
      kept.delete(messageId);
    },
    async discard(messageId) {
      const files = kept.get(messageId) ?? [];
      kept.delete(messageId);
      for (const { path } of files) {
        discarded.add(basename(path));
        // A file that resists goes with its name.
        await rm(path, { force: true }).catch(() => undefined);
      }
    },
    async unneeded(findNeeded) {
      const now = clock.now();
      const present = (await readdir(spoolDirectory).catch(() => [])).filter(isSpoolName);
      const needed = present.length === 0 ? new Set() : await findNeeded();
      const strays = present.filter((name) => !needed.has(name));
      seen = new Map(strays.map((name) => [name, Math.min(seen.get(name) ?? now, now)]));
      for (const [name, since] of seen) if (now - since >= STRAY_AFTER_MS) discarded.add(name);
      const unneeded = [...discarded];
      discarded.clear();
      return unneeded;
    },
  };
}
