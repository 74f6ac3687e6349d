import type { MessageRow } from '../message-row.ts';
import type { StoreContext } from './context.ts';
import { fileColumns } from './rows.ts';

/** What of a message is of a customer: its payload and its files. */
export interface Content {
  write(seq: number, row: MessageRow): void;
  replace(seq: number, row: MessageRow): void;
  erase(seq: number): void;
  /** Last path segments of a message's spool files. */
  segments(seq: number): readonly string[];
}

const WRITE = 'INSERT INTO payloads (message, kind, body) VALUES (?, ?, ?)';
const WRITE_FILE = `
  INSERT INTO files (message, position, segment, name, content_type, size, sha256)
  VALUES (:seq, :position, :segment, :name, :content_type, :size, :sha256)`;
const ERASE = 'DELETE FROM payloads WHERE message = :seq';
const SEGMENTS = 'SELECT segment FROM files WHERE message = :seq';

export function createContent({ database, erased }: StoreContext): Content {
  const write = (seq: number, { payload }: MessageRow) => {
    if (payload === null) return;
    const isMultipart = payload.kind === 'multipart';
    database.run(WRITE, [seq, payload.kind, isMultipart ? payload.data : payload.body]);
    if (!isMultipart) return;
    payload.files.forEach((file, position) => {
      database.run(WRITE_FILE, { seq, position, ...fileColumns(file) });
    });
  };

  return {
    write,
    replace(seq, row) {
      if (database.run(ERASE, { seq }) > 0) erased();
      write(seq, row);
    },
    erase(seq) {
      erased();
      database.run(ERASE, { seq });
    },
    segments: (seq) => database.all(SEGMENTS, { seq }).map(({ segment }) => segment as string),
  };
}
