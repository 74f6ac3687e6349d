import type { MessageRow } from '../store.ts';
import type { StoreContext } from './context.ts';
import { fileColumns, toJson } from './rows.ts';

/** What of a message is of a customer: its payload, its files, and the identity it goes to. */
export interface Content {
  write(seq: number, row: MessageRow): void;
  replace(seq: number, row: MessageRow): void;
  /** Erases all of it, or all but the identity, by which an unclear message may still be looked up. */
  erase(seq: number, keepIdentity: boolean): void;
  /** Last path segments of a message's spool files. */
  segments(seq: number): readonly string[];
}

const WRITE = 'INSERT INTO payloads (message, kind, identity, body) VALUES (:seq, :kind, :identity, :body)';
const WRITE_FILE = `
  INSERT INTO files (message, position, segment, name, content_type, size, sha256)
  VALUES (:seq, :position, :segment, :name, :content_type, :size, :sha256)`;
const ERASE = 'DELETE FROM payloads WHERE message = :seq';
const ERASE_BODY = 'UPDATE payloads SET kind = NULL, body = NULL WHERE message = :seq';
const ERASE_FILES = 'DELETE FROM files WHERE message = :seq';
const SEGMENTS = 'SELECT segment FROM files WHERE message = :seq';

export function createContent({ database, erased }: StoreContext): Content {
  const write = (seq: number, { payload, identity }: MessageRow) => {
    if (payload === null && identity === null) return;
    const body = payload?.kind === 'multipart' ? payload.data : (payload?.body ?? null);
    database.run(WRITE, { seq, kind: payload?.kind ?? null, identity: toJson(identity), body });
    if (payload?.kind !== 'multipart') return;
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
    erase(seq, keepIdentity) {
      erased();
      if (keepIdentity) {
        database.run(ERASE_BODY, { seq });
        database.run(ERASE_FILES, { seq });
      } else database.run(ERASE, { seq });
    },
    segments: (seq) => database.all(SEGMENTS, { seq }).map(({ segment }) => segment as string),
  };
}
