import { type ErrorCode, errorKinds, type Outcome } from '../../src/kernel/errors.ts';
import { errorTexts } from '../../src/openapi/error-texts.ts';

/** The table of error codes as Markdown. */
export function renderErrorsTable(): string {
  const codes = Object.keys(errorKinds) as ErrorCode[];
  const rows = codes.map((code) => {
    const kind: { readonly status: number; readonly outcome?: Outcome } = errorKinds[code];
    const outcome = code === 'internal_error' ? 'as known' : kind.outcome === undefined ? '–' : `\`${kind.outcome}\``;
    return `| \`${code}\` | ${kind.status} | ${errorTexts[code]} | ${outcome} |`;
  });
  return ['| `code` | HTTP | When | `outcome` |', '|---|---|---|---|', ...rows].join('\n');
}
