import { createHash, randomBytes } from 'node:crypto';
import t from 'tap';
import { BOUNDARY, build, bytes, DATA, END, filePart, MIB, part, post, type Receipt } from './helper.ts';

const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');

t.test('every byte of every file arrives, around every buffer boundary', async (t) => {
  const { url, spool, leftovers } = await build(t);
  for (const size of [0, 1, 65_535, 65_536, MIB + 1]) {
    const content = randomBytes(size);
    const { status, body } = await post<Receipt>(url, bytes(DATA, filePart(content), END));
    t.equal(status, 200);
    t.match(body.files, [{ size, sha256: sha256(content) }], `${size} bytes`);
    t.equal(sha256(Buffer.from(body.files[0]?.content ?? '', 'base64')), sha256(content));
  }
  t.equal(spool.bytes(), 0);
  t.strictSame(await leftovers(), []);
});

t.test('bytes that look like a boundary are content', async (t) => {
  const { url } = await build(t);
  const contents = [
    `--${BOUNDARY}`,
    `\r\n--${BOUNDARY}x\r\n\r\n--${BOUNDARY}-`,
    `\r\n--${BOUNDARY.slice(0, -1)}\r\n\r\n\r\n--`,
    `\n--${BOUNDARY}\r\n`,
    '\r\n'.repeat(40_000),
    `\r\n--${BOUNDARY}y`.repeat(10_000),
  ];
  for (const content of contents) {
    const { body } = await post<Receipt>(url, bytes(DATA, filePart(`x${content}`), END));
    t.equal(body.files[0]?.sha256, sha256(Buffer.from(`x${content}`)), JSON.stringify(content.slice(0, 40)));
  }
});

t.test('`data` is the text as sent, whatever its type or file name, and parts come in any order', async (t) => {
  const { url } = await build(t);
  const text = '{ "ManagerId": 12345678901234567890.10, "a":1e400,\r\n "Message": "שלום 😀" }';
  const headers = [
    ['Content-Disposition: form-data; name="data"; filename="x.json"', 'Content-Type: application/json'],
    ['Content-Disposition: form-data; name=data', 'Content-Type: text/plain; charset=utf-8'],
    ['content-disposition:form-data;name="data"', 'Content-Transfer-Encoding: 8bit'],
  ];
  for (const lines of headers) {
    const { body } = await post<Receipt>(
      url,
      bytes(filePart('1', '1.txt'), part(lines, text), filePart('2', '2.txt'), END),
    );
    t.equal(body.data, text);
    t.strictSame(
      body.files.map((file) => file.name),
      ['1.txt', '2.txt'],
    );
  }
  const { body } = await post<Receipt>(url, bytes(part(headers[0] ?? [], '\ufeff{}'), END));
  t.equal(body.data, '\ufeff{}', 'a byte order mark is for the JSON reader to judge');
});

t.test('content types are kept as they were written, and none is invented', async (t) => {
  const { url } = await build(t);
  const types = ['Application/PDF', 'text/plain; Charset="UTF-8"; x=1', 'message/rfc822', 'odd', null, ''];
  const parts = types.map((type) => {
    const lines = ['Content-Disposition: form-data; name="file"; filename="a"'];
    return part(type === null ? lines : [...lines, `Content-Type: ${type}`], 'x');
  });
  const { body } = await post<Receipt>(url, bytes(DATA, ...parts, END));
  t.strictSame(
    body.files.map((file) => file.contentType),
    ['Application/PDF', 'text/plain; Charset="UTF-8"; x=1', 'message/rfc822', 'odd', null, null],
  );
});

t.test('what fetch and FormData send is understood', async (t) => {
  const { url } = await build(t);
  const form = new FormData();
  const content = randomBytes(200_000);
  form.append('file', new File([content], 'דוח "סופי"; 100%.pdf', { type: 'application/pdf' }));
  form.append('data', '{"a":1}');
  const response = await fetch(url, { method: 'POST', body: form });
  const body = (await response.json()) as Receipt;
  t.equal(body.data, '{"a":1}');
  t.match(body.files, [{ name: 'דוח "סופי"; 100%.pdf', contentType: 'application/pdf', sha256: sha256(content) }]);
});

t.test('parallel uploads do not mix', async (t) => {
  const { url, leftovers } = await build(t);
  const contents = Array.from({ length: 12 }, () => randomBytes(300_000));
  const answers = await Promise.all(
    contents.map((content) => post<Receipt>(url, bytes(filePart(content), DATA, filePart(content), END))),
  );
  t.strictSame(
    answers.map(({ body }) => body.files.map((file) => file.sha256)),
    contents.map((content) => [sha256(content), sha256(content)]),
  );
  t.strictSame(await leftovers(), []);
});
