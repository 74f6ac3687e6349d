import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

const FILE = 'replica-id';
const FORM = /^[0-9a-f-]{36}$/;

/**
 * A name for the process that owns this directory, the same after a restart, so that it takes up at once what its
 * predecessor left, instead of waiting for the end of a lease. Call it while holding the directory's lock. The host is
 * part of it, in case directories are copied.
 */
export async function replicaId(directory: string): Promise<string> {
  const path = join(directory, FILE);
  const known = await readFile(path, 'utf8').catch(() => '');
  if (FORM.test(known)) return `${hostname()}-${known}`;
  const made = randomUUID();
  await writeFile(path, made, { mode: 0o600 });
  return `${hostname()}-${made}`;
}
