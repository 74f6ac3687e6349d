import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { SpooledFile } from '../../attachments/spool.ts';
import { AttachmentDamaged, StorageUnavailable } from '../errors.ts';
import type { MessageRow } from '../message-row.ts';

/**
 * The files of a message in the spool of this machine. Rejects with `AttachmentDamaged` if one is missing or other than
 * it was accepted, with `StorageUnavailable` if the disk cannot be read.
 */
export async function checkedFiles({ payload }: MessageRow): Promise<readonly SpooledFile[]> {
  if (payload?.kind !== 'multipart') return [];
  for (const file of payload.files) {
    if ((await digestOf(file.path)) !== file.sha256) {
      throw new AttachmentDamaged('an attachment in the spool is not what was accepted: it must be sent anew');
    }
  }
  return payload.files;
}

async function digestOf(path: string): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null;
    throw new StorageUnavailable('the spool cannot be read', { cause });
  }
  return hash.digest('hex');
}
