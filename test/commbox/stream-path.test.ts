import t from 'tap';
import { streamObjectsPath } from '../../src/commbox/stream-path.ts';

t.test('an id is one segment, and decodes to itself', async (t) => {
  for (const id of [
    '532',
    'pE6q0uPbXiwBNLiTvKsDMw==',
    'a/b+c=',
    '../x',
    '%2e%2e',
    'a?b#c',
    '...',
    'שלום',
    ' ',
    '\\..\\',
  ]) {
    const path = streamObjectsPath('/base', id);
    const segments = new URL(path, 'https://api.example').pathname.split('/');
    t.same([segments.length, segments[1], segments[2], segments[4]], [5, 'base', 'streams', 'objects'], id);
    t.equal(decodeURIComponent(segments[3] as string), id);
  }
});

t.test('ids that no encoding makes safe are refused', async (t) => {
  for (const id of ['', '.', '..', '\ud800']) t.throws(() => streamObjectsPath('', id), { code: 'invalid_request' });
});
