import t from 'tap';
import { holdFiles } from '../../src/http/held-files.ts';

const file = (name: string) => ({ path: `/spool/${name}`, name, contentType: null, size: 1, sha256: 'x' });

function createRig() {
  const removed: string[] = [];
  const remove = async (files: Iterable<{ readonly name: string }>) => {
    removed.push(...Array.from(files, ({ name }) => name));
  };
  return { removed, spool: { remove } };
}

t.test('files that nobody took are removed, those that came later too', async (t) => {
  const { removed, spool } = createRig();
  const held = holdFiles(spool, [file('a')]);
  held.files.push(file('b'));
  await held.letGo();
  t.strictSame(removed, ['a', 'b']);
});

t.test('a message that was taken keeps its files, whatever becomes of the request', async (t) => {
  const { removed, spool } = createRig();
  const held = holdFiles(spool, [file('a')]);
  held.taken();
  await held.letGo();
  t.strictSame(removed, []);
});
