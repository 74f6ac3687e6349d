import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';

/** A data directory with little room. */
export interface SmallDisk {
  readonly dataDir: string;
  /** Runs a gateway within the limits. */
  readonly wrapper: readonly string[];
  /** Makes room: for the running gateway if it can, else for the next one without the wrapper. */
  free(): Promise<void>;
}

const ROOM_BYTES = 6 * 1024 ** 2;
const BLOCK_BYTES = 512;

/** A disk of its own where the system lets us mount one, else a limit on the size of files. */
export async function createSmallDisk(t: Test): Promise<SmallDisk> {
  const directory = await mkdtemp(join(tmpdir(), 'gateway-disk-'));
  const dataDir = join(directory, 'data');
  if (mountDisk(directory)) {
    t.teardown(async () => {
      execFileSync('umount', ['-l', directory]);
      await rmdir(directory);
    });
    const filler = join(directory, 'filler');
    await writeFile(filler, Buffer.alloc(ROOM_BYTES));
    return { dataDir, wrapper: [], free: () => rm(filler) };
  }
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const limit = `ulimit -f ${ROOM_BYTES / BLOCK_BYTES}; exec "$@"`;
  return { dataDir, wrapper: ['sh', '-c', limit, 'sh'], free: () => Promise.resolve() };
}

function mountDisk(directory: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${2 * ROOM_BYTES},mode=0700`, 'tmpfs', directory], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}
