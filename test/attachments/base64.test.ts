import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { spoolInline } from '../../src/attachments/base64.ts';
import { createSpool, type SpooledFile } from '../../src/attachments/spool.ts';
import { temporaryDirectory } from './helper.ts';

const limits = { attachmentBytes: 2_000_000, attachmentCount: 3 };

const inline = (base64: string, index = 0, name = 'חשבונית "1".pdf') => ({
  name,
  contentType: 'application/pdf',
  base64,
  pointer: `/attachments/${index}`,
});

t.test('inline attachments arrive byte for byte, whatever their length', async (t) => {
  const spool = await createSpool({ directory: join(await temporaryDirectory(t), 'spool') });
  for (const size of [0, 1, 2, 3, 49_151, 49_152, 49_153, 1_048_577]) {
    const content = randomBytes(size);
    const [file] = await spoolInline(spool, [inline(content.toString('base64'))], limits);
    const sha256 = createHash('sha256').update(content).digest('hex');
    t.match(file, { name: 'חשבונית "1".pdf', contentType: 'application/pdf', size, sha256 }, `${size} bytes`);
    t.strictSame(await readFile(file?.path ?? ''), content, `${size} bytes`);
  }
  t.strictSame(await spoolInline(spool, [], limits), []);
});

t.test('what is not base64 is a fault at its content, all of them at once', async (t) => {
  const directory = join(await temporaryDirectory(t), 'spool');
  const spool = await createSpool({ directory });
  const bad = [
    'YQ',
    'YQ=',
    'YQ===',
    '=',
    'Y=Q=',
    'YW I',
    'YQ==\n',
    'YWJ\n',
    '_-8=',
    'data:text/plain;base64,YQ==',
    'YQ==YQ==',
    'éééé',
  ];
  for (const text of bad) {
    await t.rejects(
      spoolInline(spool, [inline('YQ=='), inline(text, 1), inline('?', 2)], limits),
      {
        code: 'invalid_request',
        options: {
          faults: [{ pointer: '/attachments/1/content', message: /RFC 4648/ }, { pointer: '/attachments/2/content' }],
        },
      },
      JSON.stringify(text),
    );
  }
  t.strictSame(await readdir(directory), []);
});

t.test('names and types that could not travel in a header are faults', async (t) => {
  const spool = await createSpool({ directory: join(await temporaryDirectory(t), 'spool') });
  const attachments = [
    inline('YQ==', 0, 'a\r\nb'),
    { ...inline('YQ==', 1), contentType: 'text/plain\r\nX: y' },
    inline('YQ==', 2, ''),
  ];
  await t.rejects(spoolInline(spool, attachments, limits), {
    code: 'invalid_request',
    options: {
      faults: [
        { pointer: '/attachments/0/filename' },
        { pointer: '/attachments/1/contentType' },
        { pointer: '/attachments/2/filename' },
      ],
    },
  });
});

t.test('limits hold before anything is written', async (t) => {
  const opened: string[] = [];
  const openFile = async (path: string) => {
    opened.push(path);
    throw new Error('not expected');
  };
  const spool = await createSpool({ directory: join(await temporaryDirectory(t), 'spool'), openFile });
  const half = Buffer.alloc(1_000_001).toString('base64');
  const tooLarge = { code: 'payload_too_large', message: /2000000 bytes/ };
  await t.rejects(spoolInline(spool, [inline(half), inline(half, 1)], limits), tooLarge);
  const other = (size: number): SpooledFile => ({ path: 'p', name: 'n', contentType: null, size, sha256: '' });
  await t.rejects(spoolInline(spool, [inline('YQ==')], limits, [other(2_000_000)]), tooLarge, 'with what is there');
  const three = [other(1), other(1), other(1)];
  const tooMany = { code: 'payload_too_large', message: /at most 3 attachments/ };
  await t.rejects(spoolInline(spool, [inline('YQ==')], limits, three), tooMany);
  const four = [0, 1, 2, 3].map((index) => inline('', index));
  await t.rejects(spoolInline(spool, four, limits), { code: 'payload_too_large', message: /at most 3 attachments/ });
  t.strictSame(opened, []);
});

t.test('a disk that fills up in the middle leaves none of the files', async (t) => {
  const directory = join(await temporaryDirectory(t), 'spool');
  let opened = 0;
  const { open } = await import('node:fs/promises');
  const openFile = async (path: string) => {
    opened += 1;
    if (opened === 2) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    return open(path, 'wx', 0o600);
  };
  const spool = await createSpool({ directory, openFile });
  await t.rejects(spoolInline(spool, [inline('YQ=='), inline('YQ==', 1)], limits), { code: 'storage_unavailable' });
  t.strictSame(await readdir(directory), []);
});
