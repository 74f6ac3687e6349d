import { renderErrorsTable } from './errors.ts';
import { renderMetricsTables } from './metrics.ts';
import { replaceSection } from './sections.ts';
import { renderEnvExample, renderVariablesTable } from './variables.ts';

/** A file that the tables of the source write, wholly or in sections. */
export interface GeneratedFile {
  readonly path: string;
  /** What the file should hold, given what it holds; null where there is no file and none is made. */
  render(current: string | null): string | null;
}

export const generatedFiles: readonly GeneratedFile[] = [
  { path: '.env.example', render: () => renderEnvExample() },
  {
    path: 'README.md',
    render: (current) => {
      if (current === null) return null;
      return replaceSection(
        replaceSection(current, 'variables', renderVariablesTable()),
        'errors',
        renderErrorsTable(),
      );
    },
  },
  {
    path: 'docs/metrics.md',
    render: (current) => (current === null ? null : replaceSection(current, 'metrics', renderMetricsTables())),
  },
];
