import { createHash } from 'node:crypto';
import { link, open, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { ByteBudget } from './limits.ts';
import { claimDirectory, spoolName, sweepDirectory } from './spool-directory.ts';
import { onDisk } from './storage-failure.ts';

/** A file as it came from a caller, its bytes on disk. */
export interface SpooledFile {
  /** Absolute; its last segment is random and is the file's identity within the spool. */
  readonly path: string;
  /** The caller's name for the file, untouched. It never becomes part of a path. */
  readonly name: string;
  /** As the caller wrote it; null if it named none. */
  readonly contentType: string | null;
  /** Bytes. */
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** Files of callers on disk, so that memory stays flat and a send can be repeated without the caller. */
export interface Spool {
  /**
   * Writes one file chunk by chunk: no more of `source` is read than was written. Rejects with the error of `source`,
   * with the 413 of `budget`, or with a 503 `storage_unavailable`; the file is gone then.
   */
  write(
    meta: Pick<SpooledFile, 'name' | 'contentType'>,
    source: AsyncIterable<Uint8Array>,
    budget: ByteBudget,
  ): Promise<SpooledFile>;
  /** Forces the files and their directory entries to disk. Needed before a row that names them is committed. */
  sync(files: Iterable<SpooledFile>): Promise<void>;
  /** Further files with the same content, each to be removed on its own. Takes no further space on disk. */
  copy(files: Iterable<SpooledFile>): Promise<SpooledFile[]>;
  /** Deletes the files; one that is gone already is no error. All are tried before the first failure is reported. */
  remove(files: Iterable<SpooledFile>): Promise<void>;
  /** Deletes files by name, the last segment of their path; one that is gone already is no error. */
  removeNamed(names: Iterable<string>): Promise<void>;
  /** Bytes that the spool holds now, files still being written included. */
  bytes(): number;
}

/** The part of a file handle that writing needs. `writeFile` appends at the handle's position, as Node's does. */
export interface SpoolHandle {
  writeFile(chunk: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

export interface SpoolOptions {
  /** The spool's own directory; nothing else may live there. */
  readonly directory: string;
  /** File names (last segment of `SpooledFile.path`) that stored messages still need. Everything else is a leftover. */
  readonly keep?: ReadonlySet<string>;
  /** {@link createSpoolFile}, unless the disk is to be another. */
  readonly openFile?: (path: string) => Promise<SpoolHandle>;
}

/** Creates a file for its owner alone. Rejects if there is anything at its path, be it a link that leads nowhere. */
export function createSpoolFile(path: string): Promise<SpoolHandle> {
  return open(path, 'wx', 0o600);
}

/**
 * Opens a spool: makes its directory (0700) and removes the leftovers of a crash. Rejects with a plain Error if others
 * can reach into the directory. One process at a time may use a directory.
 */
export async function createSpool(options: SpoolOptions): Promise<Spool> {
  const { openFile = createSpoolFile, keep = new Set() } = options;
  const directory = resolve(options.directory);
  await claimDirectory(directory);
  const sizes = await sweepDirectory(directory, keep);

  /** Named, but not removed yet: what named them is erased, so that nobody else remembers them. */
  const unremoved = new Set<string>();

  async function discard(path: string): Promise<void> {
    if (dirname(path) !== directory) throw new Error('this file is not in the spool');
    await onDisk(() => rm(path, { force: true }));
    sizes.delete(basename(path));
    unremoved.delete(path);
  }

  /** One that cannot be removed keeps no other. */
  async function discardAll(paths: readonly string[]): Promise<void> {
    const results = await Promise.allSettled(paths.map(discard));
    const failure = results.find((result) => result.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
  }

  return {
    async write(meta, source, budget) {
      const id = spoolName();
      const path = join(directory, id);
      const hash = createHash('sha256');
      let size = 0;
      const handle = await onDisk(() => openFile(path));
      try {
        for await (const chunk of source) {
          budget.take(chunk.byteLength);
          await onDisk(() => handle.writeFile(chunk));
          hash.update(chunk);
          size += chunk.byteLength;
          sizes.set(id, size);
        }
        // Closing can report what writing could not, e.g. a quota on a network disk.
        await onDisk(() => handle.close());
      } catch (error) {
        // What happened first is what the caller must learn; a file that resists is swept at the next start.
        await handle.close().catch(() => undefined);
        await discard(path).catch(() => undefined);
        throw error;
      }
      return { path, name: meta.name, contentType: meta.contentType, size, sha256: hash.digest('hex') };
    },
    async sync(files) {
      await onDisk(async () => {
        for (const { path } of files) await syncPath(path, 'r+');
        await syncPath(directory, 'r');
      });
    },
    async copy(files) {
      const copies: SpooledFile[] = [];
      try {
        for (const file of files) {
          const id = spoolName();
          const path = join(directory, id);
          await onDisk(() => link(file.path, path));
          sizes.set(id, file.size);
          copies.push({ ...file, path });
        }
      } catch (error) {
        // Nobody else knows of them yet.
        await discardAll(copies.map(({ path }) => path)).catch(() => undefined);
        throw error;
      }
      return copies;
    },
    remove: (files) => discardAll(Array.from(files, ({ path }) => path)),
    async removeNamed(names) {
      for (const name of names) unremoved.add(join(directory, name));
      await discardAll([...unremoved]);
    },
    bytes: () => sizes.values().reduce((sum, size) => sum + size, 0),
  };
}

async function syncPath(path: string, flags: 'r' | 'r+'): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
