import { closeSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const BLOCK = Buffer.alloc(4096, 1);
// From linux/magic.h: file systems in memory, where a sync is no work at all.
const TMPFS = 0x0102_1994;
const RAMFS = 0x8584_58f6;

/** How often a second one page can be appended to a file of this directory and be synced. Blocks for `seconds`. */
export function syncsPerSecond(directory: string, seconds: number): number {
  const file = join(directory, 'syncs');
  const descriptor = openSync(file, 'wx', 0o600);
  try {
    const startedAt = performance.now();
    let syncs = 0;
    let tookMs = 0;
    for (; tookMs < seconds * 1000; syncs++) {
      writeSync(descriptor, BLOCK);
      fsyncSync(descriptor);
      tookMs = performance.now() - startedAt;
    }
    return (syncs / tookMs) * 1000;
  } finally {
    closeSync(descriptor);
    rmSync(file);
  }
}

/** Whether nothing here ever reaches a disk, so that figures of durable work mean nothing. */
export function isInMemory(directory: string): boolean {
  const { type } = statfsSync(directory);
  return type === TMPFS || type === RAMFS;
}
