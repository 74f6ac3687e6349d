import type { Content } from './content.ts';
import type { StoreContext } from './context.ts';
import type { Keys } from './keys.ts';
import { scrubbed } from './rows.ts';

const ERASABLE = `
  SELECT seq, unclear, failure FROM messages INDEXED BY messages_ended
  WHERE is_erased = 0 AND ended_at < :endedBefore ORDER BY ended_at LIMIT :limit`;
const ERASE = `
  UPDATE messages SET request_id = '', traceparent = NULL, unclear = :unclear, failure = :failure, is_erased = 1
  WHERE seq = :seq`;
const DELETABLE = `
  SELECT seq FROM messages INDEXED BY messages_ended
  WHERE is_erased IN (0, 1) AND ended_at < :endedBefore LIMIT :limit`;
const SEGMENTS = 'SELECT segment FROM files WHERE message IN (SELECT value FROM json_each(:seqs))';
const DELETE_KEYS = `
  DELETE FROM keys WHERE message_id IN (SELECT id FROM messages WHERE seq IN (SELECT value FROM json_each(:seqs)))`;
const DELETE = 'DELETE FROM messages WHERE seq IN (SELECT value FROM json_each(:seqs))';

/** Operations that make the store forget. */
export function createSweeping(context: StoreContext, content: Content, keys: Keys) {
  const { database } = context;

  const erase = (endedBefore: number, limit: number, files: string[]): number => {
    const erasable = database.all(ERASABLE, { endedBefore, limit });
    for (const row of erasable) {
      const seq = row['seq'] as number;
      files.push(...content.segments(seq));
      content.erase(seq);
      const [unclear, failure] = [row['unclear'], row['failure']].map((json) => scrubbed(json as string | null));
      database.run(ERASE, { seq, unclear: unclear ?? null, failure: failure ?? null });
    }
    return erasable.length;
  };

  const remove = (endedBefore: number, limit: number, files: string[]): number => {
    const deletable = database.all(DELETABLE, { endedBefore, limit });
    if (deletable.length === 0) return 0;
    const seqs = JSON.stringify(deletable.map(({ seq }) => seq));
    files.push(...database.all(SEGMENTS, { seqs }).map(({ segment }) => segment as string));
    database.run(DELETE_KEYS, { seqs });
    database.run(DELETE, { seqs });
    context.erased();
    return deletable.length;
  };

  return {
    sweep(now: number, erasedBefore: number, deletedBefore: number, limit: number): { files: string[]; more: boolean } {
      const files: string[] = [];
      const counts = [erase(erasedBefore, limit, files), keys.forget(now, limit), remove(deletedBefore, limit, files)];
      return { files, more: counts.includes(limit) };
    },
  };
}
