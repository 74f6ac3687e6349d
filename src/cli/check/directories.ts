import { constants, type Stats } from 'node:fs';
import { access, lstat, mkdir, open, rm, rmdir, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, explainFailure } from '../../kernel/failure-words.ts';
import { type Check, failed, ok, warning } from './check.ts';

const { R_OK, W_OK, X_OK } = constants;
const GIB = 1024 ** 3;
/** Below this, a backlog of messages with attachments can fill the disk before anybody looks. */
const LITTLE_SPACE_BYTES = GIB;

export interface DirectoryOptions {
  /** Absolute. */
  readonly directory: string;
  /** Whether a file is written on trial; not while a gateway works there. */
  readonly tryWriting: boolean;
}

/** Whether the gateway could keep its files in a directory, as it judges that itself at its start. Leaves no trace. */
export async function checkDirectory(name: string, { directory, tryWriting }: DirectoryOptions): Promise<Check> {
  try {
    const stats = await statOf(directory);
    if (stats !== null) return await checkExisting(name, stats, { directory, tryWriting });
    return await checkParent(name, { directory, tryWriting });
  } catch (error) {
    return failed(name, `${directory} cannot be used: ${explainFailure(error)}`);
  }
}

async function checkExisting(name: string, stats: Stats, { directory, tryWriting }: DirectoryOptions): Promise<Check> {
  if (!stats.isDirectory()) return failed(name, `${directory} is not a directory`);
  const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
  if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0) {
    return failed(name, `${directory} is open to others (mode ${mode}): it must have mode 0700`);
  }
  try {
    await access(directory, R_OK | W_OK | X_OK);
    if (tryWriting) await writeOnce(directory);
  } catch (error) {
    return failed(name, `${directory} cannot be written: ${explainFailure(error)}`);
  }
  const own = process.getuid?.();
  if (own !== undefined && stats.uid !== own) {
    return warning(
      name,
      `${directory} belongs to user ${stats.uid}, and this is user ${own}: check as the gateway's user`,
    );
  }
  return ok(name, `${directory} (mode ${mode}) is writable`);
}

/** Room on the disk of a directory, or of the nearest one above it that exists. */
export async function checkSpace(directory: string, attachmentLimit: number): Promise<Check> {
  let place = directory;
  while ((await statOf(place)) === null && dirname(place) !== place) place = dirname(place);
  const { bavail, bsize } = await statfs(place);
  return judgeSpace(bavail * bsize, attachmentLimit);
}

/** @param attachmentLimit bytes of files that a single message may have */
export function judgeSpace(freeBytes: number, attachmentLimit: number): Check {
  const detail = `${sizeOf(freeBytes)} free where DATA_DIR is`;
  if (freeBytes < attachmentLimit) {
    return failed('disk space', `${detail}: less than one message may need (ATTACHMENT_LIMIT)`);
  }
  return freeBytes < LITTLE_SPACE_BYTES ? warning('disk space', detail) : ok('disk space', detail);
}

async function checkParent(name: string, { directory, tryWriting }: DirectoryOptions): Promise<Check> {
  if (await isLink(directory)) return failed(name, `${directory} is a link that leads nowhere`);
  let parent = dirname(directory);
  while ((await statOf(parent)) === null && dirname(parent) !== parent) parent = dirname(parent);
  try {
    await access(parent, W_OK | X_OK);
    if (tryWriting) await makeOnce(parent);
    return ok(name, `${directory} is made at the first start`);
  } catch (error) {
    return failed(name, `${directory} cannot be made in ${parent}: ${explainFailure(error)}`);
  }
}

async function statOf(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

async function isLink(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isSymbolicLink();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

// Below /proc, for one, nobody can make a directory, whatever its mode says.
async function makeOnce(parent: string): Promise<void> {
  const path = join(parent, `check-${crypto.randomUUID()}`);
  await mkdir(path, { mode: 0o700 });
  await rmdir(path);
}

async function writeOnce(directory: string): Promise<void> {
  const path = join(directory, `check-${crypto.randomUUID()}`);
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile('x');
    await file.sync();
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
}

function sizeOf(bytes: number): string {
  return bytes < GIB ? `${Math.floor(bytes / 1024 ** 2)} MiB` : `${(bytes / GIB).toFixed(1)} GiB`;
}
