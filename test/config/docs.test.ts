import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { generatedFiles } from '../../scripts/docs/files.ts';
import { replaceSection } from '../../scripts/docs/sections.ts';
import { renderEnvExample } from '../../scripts/docs/variables.ts';
import { variables } from '../../src/config/variables.ts';

const root = join(import.meta.dirname, '../..');

t.test('every generated file is what the source says (else: npm run docs)', async (t) => {
  for (const { path, render } of generatedFiles) {
    const file = join(root, path);
    const current = existsSync(file) ? readFileSync(file, 'utf8') : null;
    t.equal(render(current) ?? current, current, path);
  }
});

t.test('.env.example shows every variable once, and only required ones are live', async (t) => {
  const lines = renderEnvExample().split('\n');
  for (const [name, variable] of Object.entries(variables)) {
    const live = lines.filter((line) => line.startsWith(`${name}=`)).length;
    const commented = lines.filter((line) => line.startsWith(`# ${name}=`)).length;
    t.strictSame([live, commented], variable.required ? [1, 0] : [0, 1], name);
  }
});

t.test('every default is a value that its variable allows', async (t) => {
  for (const [name, variable] of Object.entries(variables)) {
    if (variable.default !== null) t.not(variable.parse(variable.default), undefined, name);
  }
});

t.test('a section is replaced between its marks and nowhere else', async (t) => {
  const page = 'a\n<!-- generated:x -->\nold\n<!-- /generated -->\nb\n<!-- generated:y -->\ny\n<!-- /generated -->\n';
  const replaced = replaceSection(page, 'x', 'new');
  t.equal(replaced, page.replace('old', 'new'));
  t.equal(replaceSection(replaced, 'x', 'new'), replaced);
  t.equal(replaceSection(page, 'z', 'new'), page);
  t.throws(() => replaceSection('<!-- generated:x -->\n<!-- generated:y -->\n<!-- /generated -->', 'x', ''));
});
