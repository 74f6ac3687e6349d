import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { SpooledFile } from '../../attachments/spool.ts';
import { isSpoolName, spoolName } from '../../attachments/spool-directory.ts';
import { AttachmentDamaged } from '../errors.ts';
import type { MessageRow } from '../message-row.ts';
import type { Sql } from './database.ts';
import { storageUnavailable } from './storage-errors.ts';

/** Bytes of one stored piece: what is in memory at a time, twice over while it is being sent. */
const CHUNK_BYTES = 512 * 1024;

const storeChunkStatement = `
  INSERT INTO commbox_gateway.message_files (message_id, file_no, chunk_no, bytes) VALUES ($1, $2, $3, $4)`;
const readChunkStatement = `
  SELECT bytes FROM commbox_gateway.message_files WHERE message_id = $1 AND file_no = $2 AND chunk_no = $3`;
const dropStatement = 'DELETE FROM commbox_gateway.message_files WHERE message_id = $1';

/** The attachments of a row; none once it is erased. */
export function filesOf(row: MessageRow): readonly SpooledFile[] {
  return row.payload?.kind === 'multipart' ? row.payload.files : [];
}

/** Whether any process may send the message, and its attachments therefore belong into the database. */
export function needsStoredFiles(row: MessageRow): boolean {
  return row.mode === 'async' && (row.state === 'queued' || row.state === 'sending') && filesOf(row).length > 0;
}

/**
 * Copies the attachments of a message from the spool into the database, piece by piece, within the transaction that
 * stores its row. Rejects with `AttachmentDamaged` if one is not what the row says.
 */
export async function storeFiles(sql: Sql, row: MessageRow): Promise<void> {
  for (const [fileNo, file] of filesOf(row).entries()) {
    let chunkNo = 0;
    for await (const chunk of contentOf(file)) {
      await sql.query(storeChunkStatement, [row.id, fileNo, chunkNo++, chunk], 'store-chunk');
    }
  }
}

/** Takes back what {@link storeFiles} did, for a message that was not stored after all. */
export async function dropFiles(sql: Sql, row: MessageRow): Promise<void> {
  await sql.query(dropStatement, [row.id]);
}

// A file that cannot be read is as good as gone: the database has another.
async function isIntact(file: SpooledFile): Promise<boolean> {
  try {
    for await (const _ of contentOf(file));
    return true;
  } catch {
    return false;
  }
}

/**
 * The attachments of a message on this machine: as they lie in the spool, else written there from the database. They keep
 * their names in the spool, so that the next attempt finds them. Rejects with `AttachmentDamaged` if one is not there or
 * not what was stored.
 */
export async function localFiles(sql: Sql, spoolDirectory: string, row: MessageRow): Promise<readonly SpooledFile[]> {
  const local: SpooledFile[] = [];
  for (const [fileNo, file] of filesOf(row).entries()) {
    const name = basename(file.path);
    if (!isSpoolName(name)) throw damaged();
    const here = { ...file, path: join(spoolDirectory, name) };
    if (!(await isIntact(here))) await fetchFile(here.path, file, chunksOf(sql, row.id, fileNo));
    local.push(here);
  }
  return local;
}

// Under another name first: whoever looks meanwhile must not find half a file.
async function fetchFile(path: string, file: SpooledFile, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const draft = join(dirname(path), spoolName());
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      for await (const chunk of chunks) await handle.writeFile(chunk);
    } finally {
      await handle.close();
    }
    if (!(await isIntact({ ...file, path: draft }))) throw damaged();
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw storageUnavailable(error);
  }
}

async function* chunksOf(sql: Sql, messageId: string, fileNo: number): AsyncIterable<Uint8Array> {
  for (let chunkNo = 0; ; chunkNo++) {
    const [row] = await sql.query<{ bytes: Buffer }>(readChunkStatement, [messageId, fileNo, chunkNo], 'read-chunk');
    if (row === undefined) return;
    yield row.bytes;
  }
}

// What the consumer of the pieces throws does not come past the `catch` here: it is not the file's fault.
async function* contentOf(file: SpooledFile): AsyncIterable<Buffer> {
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const chunk of createReadStream(file.path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.length;
      yield chunk;
    }
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? damaged() : storageUnavailable(error);
  }
  if (size !== file.size || hash.digest('hex') !== file.sha256) throw damaged();
}

function damaged(): AttachmentDamaged {
  return new AttachmentDamaged('a stored attachment is missing or damaged');
}
