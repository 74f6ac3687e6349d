import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { readPage, root } from '../docs/page.ts';
import { scrapeBusy } from '../observability/busy.ts';
import { readPromql } from './promql.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
}
interface Panel {
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const rules = (parse(readPage('deploy/prometheus/alerts.yaml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const dashboard = JSON.parse(readFileSync(join(root, 'deploy/grafana/commbox-gateway.json'), 'utf8')) as {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
};
const targets = dashboard.panels.flatMap(({ title, targets = [] }) => targets.map((target) => ({ title, ...target })));

// What Prometheus itself adds: the target's labels and its health, and the name of an alert.
const TARGET_LABELS = ['job', 'instance'];

const { exposition } = await scrapeBusy();
const known = new Map<string, Set<string>>([['up', new Set(TARGET_LABELS)]]);
for (const { name, labels } of exposition.samples) {
  const names = known.get(name) ?? new Set(TARGET_LABELS);
  for (const label of Object.keys(labels)) names.add(label);
  known.set(name, names);
}

/** The names in an expression that no scrape of the gateway has. */
function strangers(expression: string, shown: readonly string[] = []): string[] {
  const { series, groupedBy } = readPromql(expression);
  const labels = new Set(series.flatMap(({ name }) => [...(known.get(name) ?? [])]));
  return [
    ...series.filter(({ name }) => !known.has(name)).map(({ name }) => name),
    ...series.flatMap(({ name, labels }) => labels.filter((label) => !known.get(name)?.has(label))),
    ...[...groupedBy, ...shown].filter((label) => !labels.has(label)),
  ];
}

/** The labels that a legend or an annotation shows. */
const shownIn = (text: string) =>
  [...text.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)].map(([, label = '']) => label);

t.test('a name that no scrape has is noticed', async (t) => {
  t.strictSame(strangers('sum by (lane) (rate(commbox_gateway_backlog_messages{account=~"a"}[5m])) > 0'), []);
  t.strictSame(strangers('sum(commbox_gateway_backlog_message)'), ['commbox_gateway_backlog_message']);
  t.strictSame(strangers('commbox_gateway_spool_bytes{lane="bulk"} or up{job="x"} == 0'), ['lane']);
  t.strictSame(strangers('max by (caller) (commbox_gateway_spool_bytes)'), ['caller']);
  t.strictSame(strangers('histogram_quantile(0.9, sum by (le) (rate(commbox_gateway_waiting_seconds[5m])))'), [
    'commbox_gateway_waiting_seconds',
    'le',
  ]);
});

t.test('every metric and label that an alert names exists', async (t) => {
  t.ok(rules.length > 10);
  for (const { alert, expr, annotations } of rules) {
    t.strictSame(strangers(expr, shownIn(Object.values(annotations).join(' '))), [], alert);
  }
});

t.test('every alert has a severity, says what is wrong, and leads to its cure', async (t) => {
  t.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length, 'names are given once');
  for (const { alert, labels, annotations } of rules) {
    t.match(labels['severity'], /^(critical|warning)$/, alert);
    t.match(annotations, { summary: /\S/, description: /\.$/, runbook: /^docs\/operations\.md#[a-z-]+$/ }, alert);
  }
});

t.test('every metric and label that the dashboard names exists', async (t) => {
  t.ok(targets.length > 25);
  for (const { title, expr, legendFormat } of targets) t.strictSame(strangers(expr, shownIn(legendFormat)), [], title);
  const variables = dashboard.templating.list.flatMap(({ definition }) => {
    const [, selector, label] = /^label_values\((.+), (\w+)\)$/.exec(definition ?? '') ?? [];
    return selector === undefined || label === undefined ? [] : [strangers(selector, [label])];
  });
  t.strictSame(variables, [[], []]);
});

t.test('every variable that the dashboard uses is defined', async (t) => {
  const defined = new Set([...dashboard.templating.list.map(({ name }) => name), '__rate_interval', '__all']);
  const used = [...JSON.stringify(dashboard).matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name);
  t.ok(used.length > 50);
  t.strictSame(
    used.filter((name) => !defined.has(name)),
    [],
  );
});

t.test('the dashboard shows every metric of the gateway', async (t) => {
  const asked = new Set(targets.flatMap(({ expr }) => readPromql(expr).series.map(({ name }) => name)));
  const own = [...exposition.types].filter(([name]) => name.startsWith('commbox_gateway_'));
  const unseen = own.filter(([name, type]) => !asked.has(type === 'histogram' ? `${name}_bucket` : name));
  t.strictSame(unseen, []);
});

t.test('panels lie beside and below each other, never on top', async (t) => {
  const seen = new Set<string>();
  for (const {
    gridPos: { x, y, w, h },
    title,
  } of dashboard.panels as unknown as readonly (Panel & { gridPos: Record<'x' | 'y' | 'w' | 'h', number> })[]) {
    t.ok(x + w <= 24, title);
    for (let column = x; column < x + w; column++) {
      for (let line = y; line < y + h; line++) {
        if (seen.has(`${column},${line}`)) t.fail(`${title} covers another at ${column},${line}`);
        seen.add(`${column},${line}`);
      }
    }
  }
});
