import t from 'tap';
import { parseMultipart } from '../../src/attachments/multipart-parser.ts';

const BODY = Buffer.from(
  [
    'preamble\r\n--BX',
    '--B',
    'Content-Disposition: form-data; name="a"',
    'Content-Type: Text/Plain;',
    ' charset=utf-8',
    '',
    'one\r\n--Bx\r\n--\r\n-\r--B\n--B- -',
    '--B \t',
    '',
    'no headers',
    '--B',
    'X-Empty:',
    '',
    '',
    '--B',
    'X-None: 1',
    '',
    '--B--',
    'epilogue --B',
  ].join('\r\n'),
);

const PARTS = [
  ['Text/Plain; charset=utf-8', 'one\r\n--Bx\r\n--\r\n-\r--B\n--B- -'],
  [undefined, 'no headers'],
  [undefined, ''],
  [undefined, ''],
];

async function* sliced(body: Buffer, size: number) {
  for (let at = 0; at < body.length; at += size) yield body.subarray(at, at + size);
}

async function parse(source: AsyncIterable<Uint8Array>): Promise<(string | undefined)[][]> {
  const parts: (string | undefined)[][] = [];
  for await (const part of parseMultipart(source, 'B')) {
    let text = '';
    for await (const chunk of part.body) text += Buffer.from(chunk).toString('latin1');
    parts.push([part.headers.get('content-type'), text]);
  }
  return parts;
}

t.test('a body means the same however the network cuts it', async (t) => {
  const body = BODY.subarray(BODY.indexOf('\r\n--B\r\n'));
  for (let size = 1; size <= body.length; size += 1) t.strictSame(await parse(sliced(body, size)), PARTS, `by ${size}`);
  t.strictSame(await parse(sliced(BODY, 5)), PARTS, 'with a preamble that nearly holds a boundary');
  t.strictSame(await parse(sliced(body.subarray(2), 3)), PARTS, 'with the boundary at the very beginning');
});

t.test('a body that is cut off anywhere is refused', async (t) => {
  const end = BODY.indexOf('--B--') + 5;
  for (let length = 0; length < end; length += 1) {
    await t.rejects(parse(sliced(BODY.subarray(0, length), 16)), { code: 'invalid_request' }, `${length} bytes`);
  }
});

t.test('headers that cannot be read are refused, never dropped', async (t) => {
  const broken = [
    'no colon',
    ': no name',
    'na me: x',
    'A: 1\r\nA: 2',
    'A: 1\nB: 2',
    'A: 1\rB: 2',
    `A: ${'x'.repeat(9_000)}`,
  ];
  for (const header of broken) {
    const body = Buffer.from(`--B\r\n${header}\r\n\r\nx\r\n--B--\r\n`);
    await t.rejects(parse(sliced(body, 100)), { code: 'invalid_request' }, header.slice(0, 20));
  }
  await t.rejects(parse(sliced(Buffer.from(`--B\r\n${'A: 1\r\n'.repeat(1e5)}`), 100)), { message: /8192 bytes/ });
});

t.test('a part that is not read is skipped, one left half read too', async (t) => {
  const body = Buffer.from(
    ['--B', '', 'x'.repeat(500), '--B', '', 'y'.repeat(500), '--B', 'Z: 1', '', '', '--B--'].join('\r\n'),
  );
  const seen: number[] = [];
  let index = 0;
  for await (const part of parseMultipart(sliced(body, 10), 'B')) {
    index += 1;
    if (index === 2) for await (const chunk of part.body) if (chunk.length > 0) break;
    seen.push(part.headers.size);
  }
  t.strictSame(seen, [0, 0, 1]);
});

t.test('no more is read than is asked for', async (t) => {
  let pulled = 0;
  async function* endless() {
    yield Buffer.from('--B\r\n\r\n');
    for (;;) {
      pulled += 1;
      yield Buffer.alloc(65_536);
    }
  }
  let taken = 0;
  for await (const part of parseMultipart(endless(), 'B')) {
    for await (const chunk of part.body) {
      taken += 1;
      t.ok(chunk.length <= 65_536 + 8);
      t.ok(pulled <= taken + 1, `${pulled} read, ${taken} taken`);
      if (taken === 50) break;
    }
    break;
  }
});
