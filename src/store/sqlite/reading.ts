import type { MessageRow } from '../message-row.ts';
import type { ListFilter } from '../requests.ts';
import type { StoreContext } from './context.ts';
import { type Place, selectMatching } from './filters.ts';
import { readRow } from './rows.ts';

const SEQ_OF = 'SELECT seq FROM messages WHERE id = :id';
// The message of a cursor may be deleted by now: the next older one, and those before it, then follow.
const PLACE_AT = `
  SELECT created_at, iif(id = :id, seq, seq + 1) AS seq FROM messages WHERE id <= :id ORDER BY id DESC LIMIT 1`;
const SEGMENTS = 'SELECT segment FROM files';

/** Operations that change nothing. */
export function createReading({ database, spoolDirectory }: StoreContext) {
  const placeAt = (id: string): Place | null => {
    const found = database.one(PLACE_AT, { id });
    return found === undefined ? null : { createdAt: found['created_at'] as number, seq: found['seq'] as number };
  };

  return {
    get(id: string): MessageRow | null {
      const found = database.one(SEQ_OF, { id });
      return found === undefined ? null : readRow(database, found['seq'] as number, spoolDirectory);
    },

    list(filter: ListFilter, limit: number, before: string | null): MessageRow[] {
      const place = before === null ? null : placeAt(before);
      if (before !== null && place === null) return [];
      const { sql, values } = selectMatching(filter, place);
      const found = database.all(sql, { ...values, limit });
      return found.map(({ seq }) => readRow(database, seq as number, spoolDirectory));
    },

    neededFiles: (): Set<string> => new Set(database.all(SEGMENTS).map(({ segment }) => segment as string)),
  };
}
