import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const NAME = /^[0-9a-f]{32}$/;

/** A file name that cannot be guessed and holds nothing of the caller's. */
export function spoolName(): string {
  return randomBytes(16).toString('hex');
}

/** Whether the text is a name as {@link spoolName} gives them, and therefore harmless in a path. */
export function isSpoolName(text: string): boolean {
  return NAME.test(text);
}

/**
 * Makes the directory (mode 0700) if it is missing, and rejects if anyone but its owner can reach into it: it holds
 * what customers are sent. An existing directory is never repaired, since its contents may have been read already.
 */
export async function claimDirectory(directory: string): Promise<void> {
  await makeDirectory(directory);
  const found = await stat(directory);
  if (!found.isDirectory()) throw new Error(`${directory} is not a directory`);
  const { mode } = found;
  // Windows has no such bits and reports them all as set.
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    const shown = (mode & 0o777).toString(8).padStart(4, '0');
    throw new Error(`the directory ${directory} is open to others (mode ${shown}): it must have mode 0700`);
  }
}

// mkdir's own `recursive` never returns where the system refuses new directories as missing, as below /proc.
async function makeDirectory(directory: string): Promise<void> {
  if (await tryMaking(directory)) return;
  await makeDirectory(dirname(directory));
  await mkdir(directory, { mode: 0o700 });
}

/** False if its parent is missing. Whatever is there already is left for the caller to judge. */
async function tryMaking(directory: string): Promise<boolean> {
  try {
    await mkdir(directory, { mode: 0o700 });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return true;
    if (code === 'ENOENT' && dirname(directory) !== directory) return false;
    throw error;
  }
}

/**
 * Removes what a crash left behind and returns the size in bytes of each file in `keep`, by file name. Only names
 * that a spool gives are touched, so that a mistaken directory loses nothing.
 */
export async function sweepDirectory(directory: string, keep: ReadonlySet<string>): Promise<Map<string, number>> {
  const kept = new Map<string, number>();
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (!entry.isFile() || !isSpoolName(entry.name)) continue;
    const path = join(directory, entry.name);
    if (keep.has(entry.name)) kept.set(entry.name, (await stat(path)).size);
    else await rm(path, { force: true });
  }
  return kept;
}
