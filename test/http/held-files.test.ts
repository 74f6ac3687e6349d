import t from 'tap';
import { holdingFiles } from '../../src/http/held-files.ts';

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
  const files = [file('a')];
  const work = async () => {
    files.push(file('b'));
    return 'answer';
  };
  t.equal(await holdingFiles(spool, files, work), 'answer');
  t.strictSame(removed, ['a', 'b']);
});

t.test('a message that was taken keeps its files, though its caller gets an error', async (t) => {
  const { removed, spool } = createRig();
  const work = async (taken: () => void) => {
    taken();
    throw new Error('no answer');
  };
  await t.rejects(holdingFiles(spool, [file('a')], work), { message: 'no answer' });
  t.strictSame(removed, []);
});
