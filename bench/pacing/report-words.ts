/** Shares as percentages with one decimal; `–` for what a run could not tell. */
export function percent(share: number | null): string {
  return share === null || Number.isNaN(share) ? '–' : `${(share * 100).toFixed(1)} %`;
}

export function fixed(value: number | null, digits: number): string {
  return value === null || Number.isNaN(value) ? '–' : value.toFixed(digits);
}

/** A line under a table. */
export function verdict(isMet: boolean, text: string): string {
  return `  ${isMet ? 'met   ' : 'MISSED'}  ${text}`;
}
