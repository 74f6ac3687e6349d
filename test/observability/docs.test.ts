import t from 'tap';
import { renderMetricsTables } from '../../scripts/docs/metrics.ts';
import { proseOf, readPage } from '../docs/page.ts';
import { allowedFields } from '../e2e/log-canaries.ts';
import { scrapeBusy } from './busy.ts';

const page = readPage('docs/metrics.md');
const named = (text: string) => [...text.matchAll(/`(\w+)`/g)].map(([, name = '']) => name);

t.test('the page tells of every metric of the gateway, with its labels', async (t) => {
  t.ok(page.includes(renderMetricsTables()));
  const { exposition } = await scrapeBusy();
  for (const name of exposition.types.keys()) {
    if (!name.startsWith('commbox_gateway_')) continue;
    const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\` |`));
    const labels = exposition.samples
      .filter((sample) => sample.name === name || sample.name === `${name}_count`)
      .flatMap((sample) => Object.keys(sample.labels));
    t.strictSame(named(row?.split('|')[2] ?? 'none').sort(), [...new Set(labels)].sort(), name);
  }
});

t.test('the page tells of every field that a line of the log may have', async (t) => {
  const rows = proseOf(page).split('## Logs')[1]?.split('## Traces')[0]?.split('\n') ?? [];
  const told = rows.filter((row) => row.startsWith('| `')).flatMap((row) => named(row.split('|')[1] ?? ''));
  t.strictSame([...told, 'level', 'time', 'msg'].sort(), [...allowedFields].sort());
});
