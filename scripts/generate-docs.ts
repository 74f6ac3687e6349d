// Writes what the documentation takes from the source: `.env.example` and the marked sections of the README.
// With --check it writes nothing and exits 1 if something is stale.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedFiles } from './docs/files.ts';

const root = join(import.meta.dirname, '..');
const check = process.argv.includes('--check');

for (const { path, render } of generatedFiles) {
  const file = join(root, path);
  const current = existsSync(file) ? readFileSync(file, 'utf8') : null;
  const wanted = render(current);
  if (wanted === null || wanted === current) continue;
  if (check) {
    console.error(`${path} is stale: run \`npm run docs\``);
    process.exitCode = 1;
  } else {
    writeFileSync(file, wanted);
    console.log(`${path} written`);
  }
}
