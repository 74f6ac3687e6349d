import type { SQLInputValue } from 'node:sqlite';
import type { MessageRow } from '../message-row.ts';
import { messageColumns, toValues } from './rows.ts';

/**
 * Rows that have all but a few columns in common: they travel to the store's thread as a flat list of these few, and
 * reach the table in statements of many rows.
 */
export interface AlikeRows {
  /** What tells one from another. */
  readonly columns: readonly string[];
  /** All columns that {@link insert} sets. */
  readonly names: readonly string[];
  /** Adds the row's values of {@link columns}, in their order; `further` are those that a row does not hold. */
  addCells(row: MessageRow, cells: SQLInputValue[], ...further: SQLInputValue[]): void;
  /** The beginning of a statement that inserts so many of them. */
  insert(rows: number): string;
}

/**
 * @param constants what all have in common, as SQL by column
 * @param further columns that a row does not hold
 */
export function alikeRows(constants: Readonly<Record<string, string>>, further: readonly string[] = []): AlikeRows {
  // As places among the columns, because this is done for every message.
  const places = messageColumns.flatMap((name, place) => (name in constants ? [] : [place]));
  const columns = [...messageColumns.filter((name) => !(name in constants)), ...further];
  const names = [...columns, ...Object.keys(constants)];
  const row = `(${[...columns.map(() => '?'), ...Object.values(constants)].join(', ')})`;
  return {
    columns,
    names,
    addCells(message, cells, ...more) {
      const values = toValues(message);
      for (const place of places) cells.push(values[place] ?? null);
      for (const value of more) cells.push(value);
    },
    insert: (rows) => `INSERT INTO messages (${names.join(', ')}) VALUES ${Array(rows).fill(row).join(', ')}`,
  };
}
