/** Rows under common columns, two spaces apart. The last column of a row is not padded, so that no line ends in spaces. */
export interface Table {
  /** The rows as lines. Columns never get narrower, so that pages of one list stay aligned. */
  lines(rows: readonly (readonly string[])[]): string[];
}

const GAP = '  ';

/** @param paint gives a cell its colour after it has got its width; by default there is none. */
export function createTable(paint: (cell: string, column: number) => string = (cell) => cell): Table {
  const widths: number[] = [];
  return {
    lines(rows) {
      const shown = rows.map((row) => row.map(printable));
      for (const row of shown) {
        for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
      }
      return shown.map((row) =>
        row
          .map((cell, i) => paint(i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0), i))
          .join(GAP)
          .trimEnd(),
      );
    },
  };
}

/** Text that a terminal shows and does not obey: what comes from elsewhere may hold control characters. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ');
}
