import type { SQLInputValue } from 'node:sqlite';
import type { Content } from './content.ts';
import type { StoreContext } from './context.ts';
import { CHANGEABLE } from './rows.ts';
import { sentRows } from './sent-rows.ts';

const WIDTH = sentRows.columns.length;
// More in a statement save nothing measurable, and what is left over goes one by one.
const ROWS_AT_ONCE = 25;

const insertNew = (rows: number) => `${sentRows.insert(rows)} ON CONFLICT (id) DO NOTHING`;
const INSERT_MANY = insertNew(ROWS_AT_ONCE);
const INSERT_ONE = insertNew(1);
const INSERT_OR_CHANGE = `
  ${sentRows.insert(1)}
  ON CONFLICT (id) DO UPDATE SET ${sentRows.names.map((name) => `${name} = excluded.${name}`).join(', ')}
  WHERE ${CHANGEABLE}
  RETURNING seq`;

/** Operations for the ledger of plain messages. */
export function createRecording({ database }: StoreContext, content: Content) {
  const change = (cells: readonly SQLInputValue[]): void => {
    for (let at = 0; at < cells.length; at += WIDTH) {
      const seq = database.one(INSERT_OR_CHANGE, cells.slice(at, at + WIDTH))?.['seq'] as number | undefined;
      if (seq !== undefined) content.erase(seq);
    }
  };

  return {
    /** Cells of `sentRows`, end to end. Those whose message is known already change it, unless it has ended otherwise. */
    recordSent(cells: readonly SQLInputValue[]): void {
      const whole = cells.length - (cells.length % (ROWS_AT_ONCE * WIDTH));
      for (let at = 0; at < cells.length; ) {
        const rows = at < whole ? ROWS_AT_ONCE : 1;
        const some = cells.slice(at, at + rows * WIDTH);
        if (database.run(rows === 1 ? INSERT_ONE : INSERT_MANY, some) < rows) change(some);
        at += rows * WIDTH;
      }
    },
  };
}
