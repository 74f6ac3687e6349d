import { counters, gauges, histograms } from '../../src/observability/metric-definitions.ts';

/** The tables of metrics as Markdown: what is counted, what is measured, what is read. */
export function renderMetricsTables(): string {
  const groups = [
    { title: 'Counters', definitions: Object.values(counters) },
    { title: 'Histograms', definitions: Object.values(histograms) },
    { title: 'Gauges', definitions: Object.values(gauges) },
  ];
  const sections = groups.map(({ title, definitions }) => {
    const rows = definitions.map(({ name, help, labelNames }) => {
      const labels = labelNames.map((label) => `\`${label}\``).join(', ') || '–';
      return `| \`${name}\` | ${labels} | ${help} |`;
    });
    return [`| ${title} | Labels | |`, '|---|---|---|', ...rows].join('\n');
  });
  return sections.join('\n\n');
}
