import t from 'tap';
import { createLineBuffer } from '../../src/observability/line-buffer.ts';

t.test('lines leave together, whole and in order, once there are enough of them', async (t) => {
  const written: string[] = [];
  const buffer = createLineBuffer((text) => written.push(text));
  const lines = Array.from({ length: 9 }, (_, i) => `${i}${'x'.repeat(1_000)}\n`);
  for (const line of lines) buffer.write(line);
  t.strictSame(written, [lines.join('')]);
  buffer.flush();
  t.equal(written.length, 1, 'nothing is left');
});

t.test('a single line waits for a moment only, or for whoever ends the process', async (t) => {
  // The buffer's own timer does not keep the process.
  const keep = setInterval(() => {}, 1_000);
  t.teardown(() => clearInterval(keep));
  const { promise: written, resolve } = Promise.withResolvers<string>();
  createLineBuffer(resolve).write('late\n');
  t.equal(await written, 'late\n');

  let atOnce = '';
  const buffer = createLineBuffer((text) => {
    atOnce = text;
  });
  buffer.write('last\n');
  t.equal(atOnce, '');
  buffer.flush();
  t.equal(atOnce, 'last\n');
});
