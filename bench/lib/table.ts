/** A Markdown table whose columns are as wide as their widest cell; numbers stand to the right of the first column. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(...[title, ...rows.map((row) => row[column] ?? '')].map(widthOf)),
  );
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, column) => pad(cells[column] ?? '', width, column > 0)).join(' | ')} |`;
  const rule = widths.map((width, column) => (column > 0 ? `${'-'.repeat(width + 1)}:` : '-'.repeat(width + 2)));
  return [line(head), `|${rule.join('|')}|`, ...rows.map(line)].join('\n');
}

function widthOf(cell: string): number {
  return [...cell].length;
}

function pad(cell: string, width: number, isNumber: boolean): string {
  const spaces = ' '.repeat(width - widthOf(cell));
  return isNumber ? spaces + cell : cell + spaces;
}
