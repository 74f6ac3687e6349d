import t from 'tap';
import { BOUNDARY, build, bytes, DATA, END, filePart, part, post, type Receipt, type Refusal } from './helper.ts';

t.test('every wrong part is named, and nothing of the request is kept', async (t) => {
  const { url, leftovers } = await build(t);
  const parts = [filePart('1'), filePart('x', 'a', 'attachment'), filePart('y', 'b', 'a/b~%0A')];
  const { status, body } = await post<Refusal>(url, bytes(...parts, END));
  t.equal(status, 400);
  t.match(body, {
    code: 'invalid_request',
    faults: [
      { pointer: '/attachment', message: /unknown part/ },
      { pointer: '/a~1b~0\u{fffd}', message: /unknown part/ },
      { pointer: '/data', message: /required/ },
    ],
  });
  t.strictSame(await leftovers(), []);
});

t.test('faults of `data`', async (t) => {
  const { url } = await build(t);
  const twice = await post<Refusal>(url, bytes(DATA, DATA, END));
  t.match(twice, { status: 400, body: { faults: [{ pointer: '/data', message: /only one/ }] } });
  const bad = part(['Content-Disposition: form-data; name="data"'], Buffer.from([0x7b, 0xff, 0x7d]));
  t.match(await post(url, bytes(bad, END)), { status: 400, body: { faults: [{ pointer: '', message: /UTF-8/ }] } });
  t.match(await post(url, bytes(END)), { status: 400, body: { faults: [{ pointer: '/data' }] } });
  const encoded = part(['Content-Disposition: form-data; name="data"', 'Content-Transfer-Encoding: base64'], 'e30=');
  t.match(await post(url, bytes(encoded, END)), {
    status: 400,
    body: { faults: [{ pointer: '/data', message: /Transfer/ }] },
  });
});

t.test('a part without a usable name is refused', async (t) => {
  const { url } = await build(t);
  for (const lines of [
    [],
    ['Content-Disposition: form-data'],
    ['Content-Disposition: attachment; name="file"'],
    ['Content-Type: text/plain'],
  ]) {
    const { status, body } = await post<Refusal>(url, bytes(DATA, part(lines, 'x'), END));
    t.match(
      { status, body },
      { status: 400, body: { faults: [{ pointer: '', message: /Content-Disposition/ }] } },
      String(lines),
    );
  }
});

t.test('exactly the limits pass, one more is a 413 that names the limit', async (t) => {
  const limits = { attachmentBytes: 1000, attachmentCount: 2, dataBytes: 100 };
  const { url, leftovers } = await build(t, { limits });
  const data = (size: number) => part(['Content-Disposition: form-data; name="data"'], 'x'.repeat(size));
  const file = (size: number) => filePart(Buffer.alloc(size));
  const full = await post<Receipt>(url, bytes(data(100), file(400), file(600), END));
  t.equal(full.status, 200);
  t.strictSame(
    full.body.files.map(({ size }) => size),
    [400, 600],
  );
  const beyond: [Uint8Array<ArrayBuffer>, string, RegExp][] = [
    [bytes(data(100), file(400), file(601), END), '/file', /1000 bytes \(ATTACHMENT_LIMIT\)/],
    [bytes(data(101), file(1), END), '/data', /100 bytes \(BODY_LIMIT\)/],
    [bytes(data(1), file(1), file(1), file(1), END), '/file/2', /at most 2 attachments/],
  ];
  for (const [body, pointer, message] of beyond) {
    t.match(await post(url, body), {
      status: 413,
      body: { code: 'payload_too_large', detail: message, faults: [{ pointer, message }] },
    });
  }
  t.strictSame(await leftovers(), []);
});

t.test('ten thousand tiny parts end at the first limit they meet', async (t) => {
  const { url, leftovers } = await build(t);
  const many = (one: Buffer) => bytes(DATA, ...Array.from({ length: 10_000 }, () => one), END);
  const files = await post<Refusal>(url, many(filePart('x')));
  t.match(files, { status: 413, body: { faults: [{ pointer: '/file/10' }] } });
  const unknown = await post<Refusal>(url, many(filePart('x', 'a', '__proto__')));
  t.equal(unknown.status, 400);
  t.equal(unknown.body.faults.length, 20);
  t.match(unknown.body.faults[19], { pointer: '/__proto__' });
  t.equal((await post<Refusal>(url, many(DATA))).body.faults.length, 20);
  t.strictSame(await leftovers(), []);
});

t.test('bytes outside of files and data count too', async (t) => {
  const { url } = await build(t, { limits: { attachmentBytes: 1000, dataBytes: 100 } });
  const junk = Buffer.alloc(300 * 1024, 'x');
  const places = {
    preamble: bytes(junk, Buffer.from('\r\n'), DATA, END),
    'unknown part': bytes(DATA, filePart(junk, 'a', 'junk'), END),
    epilogue: bytes(DATA, END, junk),
  };
  for (const [place, body] of Object.entries(places)) {
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(body);
        controller.close();
      },
    });
    const headers = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };
    for (const sent of [body, stream]) {
      const response = await fetch(url, { method: 'POST', headers, body: sent, duplex: 'half' });
      t.equal(response.status, 413, place);
    }
  }
});

t.test('a body whose boundary is missing, wrong or endless is refused', async (t) => {
  const { url } = await build(t);
  const types = [
    'multipart/form-data',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary="a',
    `multipart/form-data; boundary=${'b'.repeat(71)}`,
    'multipart/form-data; boundary=other',
  ];
  for (const type of types) {
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body: bytes(DATA, END) });
    t.equal(response.status, 400, type);
  }
  const quoted = { 'content-type': `Multipart/Form-Data; charset=utf-8; boundary="${BOUNDARY}"` };
  t.equal((await fetch(url, { method: 'POST', headers: quoted, body: bytes(DATA, END) })).status, 200);
  const cut = await post<Refusal>(url, bytes(DATA, filePart('x')));
  t.match(cut, { status: 400, body: { faults: [{ pointer: '', message: /last boundary/ }] } });
});
