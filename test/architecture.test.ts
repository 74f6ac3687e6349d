import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** From the bottom up: a file imports from its own folder and from layers before its own. */
const layers: readonly (readonly string[])[] = [
  ['kernel'],
  ['commbox', 'attachments', 'channels'],
  ['access'],
  ['store'],
  ['pacing'],
  ['delivery'],
  ['observability'],
  ['config'],
  ['openapi'],
  ['http'],
  ['storage.ts', 'accounts.ts', 'metrics-listener.ts'],
  ['account-set.ts', 'readings.ts'],
  ['app.ts', 'shutdown.ts'],
  ['services.ts'],
  ['cli'],
  ['cli.ts'],
];

// Attachments receive what a channel's request describes; the shape stays with the channels.
const sameLayer = new Set(['attachments > channels']);

interface Import {
  readonly from: string;
  readonly to: string;
}

const IMPORT = /^(?:import|export)\b[^'"]*?\bfrom\s+'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm;

function sourceFiles(): string[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
}

/** Every import of one file of src by another, type-only ones included: they too tie the files together. */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  return [...text.matchAll(IMPORT)].flatMap(([, from, bare, dynamic]) => {
    const target = from ?? bare ?? dynamic ?? '';
    return target.startsWith('.') ? [{ from: file, to: relative(SRC, join(SRC, dirname(file), target)) }] : [];
  });
}

const partOf = (file: string) => file.split('/')[0] ?? '';
const layerOf = (part: string) => layers.findIndex((layer) => layer.includes(part));
const files = sourceFiles();
const imports = files.flatMap(importsOf);
const show = ({ from, to }: Import) => `${from} imports ${to}`;

t.test('the imports were found', async (t) => {
  t.ok(imports.length > files.length, 'there are more of them than files');
  const known = new Set(files);
  t.strictSame(imports.filter(({ to }) => !known.has(to)).map(show), []);
});

t.test('every part of src has its layer', async (t) => {
  const parts = new Set(files.map(partOf));
  const placed = new Set([...layers.flat(), 'simulator']);
  t.strictSame(
    [...parts].filter((part) => !placed.has(part)),
    [],
  );
});

t.test('a file imports only downwards', async (t) => {
  const wrong = imports.filter(({ from, to }) => {
    const [own, other] = [partOf(from), partOf(to)];
    if (own === other || own === 'simulator' || other === 'simulator' || sameLayer.has(`${own} > ${other}`))
      return false;
    return layerOf(other) >= layerOf(own);
  });
  t.strictSame(wrong.map(show), []);
});

t.test('the simulator shares nothing with the gateway, and only the command line starts it', async (t) => {
  const wrong = imports.filter(({ from, to }) => {
    const [own, other] = [partOf(from), partOf(to)];
    return own !== other && (own === 'simulator' || (other === 'simulator' && own !== 'cli'));
  });
  t.strictSame(wrong.map(show), []);
});

t.test('no file imports itself through others', async (t) => {
  const targets = Map.groupBy(imports, ({ from }) => from);
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]) => {
    const start = path.indexOf(file);
    if (start !== -1) cycles.push([...path.slice(start), file].join(' > '));
    if (start !== -1 || done.has(file)) return;
    for (const { to } of targets.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  t.strictSame(cycles, []);
});
