import type { Spool, SpooledFile } from '../attachments/spool.ts';

/**
 * Runs `work`, and removes the files afterwards unless the delivery took them. From `taken` on they are its own, even if
 * `work` rejects later: a message that was accepted needs them.
 *
 * @param files What is there in the end counts: `work` may add to them.
 */
export async function holdingFiles<T>(
  spool: Pick<Spool, 'remove'>,
  files: readonly SpooledFile[],
  work: (taken: () => void) => Promise<T>,
): Promise<T> {
  const held = { isTaken: false };
  try {
    return await work(() => {
      held.isTaken = true;
    });
  } finally {
    if (!held.isTaken && files.length > 0) await spool.remove(files);
  }
}
