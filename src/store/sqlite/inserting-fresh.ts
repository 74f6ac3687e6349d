import type { SQLInputValue } from 'node:sqlite';
import type { Database } from './database.ts';
import { type FreshMessages, freshRows } from './fresh-rows.ts';

const WIDTH = freshRows.columns.length;
// More in a statement save nothing measurable.
const ROWS_AT_ONCE = 25;

const each = (statement: (rows: number) => string) =>
  Array.from({ length: ROWS_AT_ONCE }, (_, index) => statement(index + 1));
const INSERTS = each(freshRows.insert);
const PAYLOADS = each(
  (rows) => `INSERT INTO payloads (message, kind, body) VALUES ${Array(rows).fill(`(?, 'json', ?)`).join(', ')}`,
);

/** Inserts messages that were just accepted, many with one statement: they take three quarters of the time that way. */
export function createFreshInsert(database: Database): (messages: FreshMessages) => void {
  return ({ cells, bodies }) => {
    for (let done = 0; done < bodies.length; ) {
      const rows = Math.min(ROWS_AT_ONCE, bodies.length - done);
      const last = database.insert(INSERTS[rows - 1] as string, cells.slice(done * WIDTH, (done + rows) * WIDTH));
      const payloads: SQLInputValue[] = [];
      for (let i = 0; i < rows; i++) payloads.push(last - rows + 1 + i, bodies[done + i] as string);
      database.run(PAYLOADS[rows - 1] as string, payloads);
      done += rows;
    }
  };
}
