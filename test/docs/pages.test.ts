import { execFileSync } from 'node:child_process';
import t from 'tap';
import { renderVariablesTable } from '../../scripts/docs/variables.ts';
import { variables } from '../../src/config/variables.ts';
import { loadYaml } from '../config/fixtures.ts';
import { blocksOf, leadsSomewhere, linksOf, proseOf, readPage, root } from './page.ts';

const docs = ['guarantees', 'metrics', 'operations', 'pacing'].map((name) => `docs/${name}.md`);
const pages = ['README.md', 'SECURITY.md', 'bench/README.md', ...docs];
const readme = readPage('README.md');

t.test('every link within the repository leads to a file, and to a heading of it', async (t) => {
  for (const page of pages) {
    for (const target of linksOf(readPage(page)).filter((link) => !/^https?:/.test(link))) {
      t.ok(leadsSomewhere(page, target), `${page}: ${target}`);
    }
  }
});

t.test('every npm script that the README names exists', async (t) => {
  const { scripts } = JSON.parse(readPage('package.json')) as { scripts: Record<string, string> };
  const named = [...readme.matchAll(/npm (?:run ([\w-]+)|(test|start))/g)].map(([, run, own]) => run ?? own ?? '');
  t.ok(named.length > 5);
  for (const name of named) t.ok(Object.hasOwn(scripts, name), name);
});

t.test('every command that the README names exists', async (t) => {
  const named = new Set([...readme.matchAll(/src\/cli\.ts (\w+)/g)].map(([, name = '']) => name));
  t.ok(named.has('serve') && named.has('keys'));
  for (const name of named) {
    const help = execFileSync(process.execPath, ['src/cli.ts', name, '--help'], { cwd: root, encoding: 'utf8' });
    t.match(help, `Usage: commbox-gateway ${name}`);
  }
});

t.test('every variable that a page names exists', async (t) => {
  const known = Object.entries(variables).flatMap(([name, { secret }]) => (secret ? [name, `${name}_FILE`] : [name]));
  for (const page of pages) {
    const named = [...proseOf(readPage(page)).matchAll(/`([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?:=[^`]*)?`/g)];
    for (const [, name = ''] of named) t.ok(name === 'X_FILE' || known.includes(name), `${page}: ${name}`);
  }
});

t.test('the README has the tables that are generated', async (t) => {
  t.match(readme, renderVariablesTable());
  t.match(readme, /^<!-- generated:errors -->\n\|/m);
});

t.test('the YAML of the README is accepted', async (t) => {
  const texts = blocksOf(readme).filter(({ language }) => language === 'yaml');
  t.ok(texts.length > 0);
  for (const { text } of texts) t.equal((await loadYaml(text)).directory.callers.at(-1)?.caller.name, 'billing');
});
