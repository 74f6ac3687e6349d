import { open } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import {
  BOUNDARY,
  build,
  bytes,
  createHeldClock,
  DATA,
  END,
  filePart,
  MIB,
  openCall,
  post,
  type Receipt,
  type Refusal,
} from './helper.ts';

const FILE_HEAD = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n`;

const chunk = (content: string | Uint8Array) =>
  Buffer.concat([
    Buffer.from(`${Buffer.byteLength(content).toString(16)}\r\n`),
    Buffer.from(content),
    Buffer.from('\r\n'),
  ]);

t.test('a caller that leaves in the middle of a file leaves nothing behind', async (t) => {
  const writing = Promise.withResolvers<void>();
  const openFile = async (path: string) => {
    const handle = await open(path, 'wx', 0o600);
    writing.resolve();
    return handle;
  };
  const { port, ended, disconnects, leftovers, spool } = await build(t, { openFile });
  const call = await openCall(t, port, 'Content-Length: 1000000');
  call.socket.write(Buffer.concat([DATA, Buffer.from(FILE_HEAD), Buffer.alloc(100_000)]));
  await writing.promise;
  call.socket.destroy();
  await ended;
  t.equal(disconnects.length, 1, 'told apart from every error that wants an answer');
  t.strictSame(await leftovers(), []);
  t.equal(spool.bytes(), 0);
});

t.test('an endless stream is answered while the caller still sends, and then cut off', async (t) => {
  const clock = createHeldClock();
  const { port, leftovers } = await build(t, { clock, limits: { attachmentBytes: MIB } });
  const call = await openCall(t, port, 'Transfer-Encoding: chunked');
  call.socket.write(chunk(Buffer.concat([DATA, Buffer.from(FILE_HEAD)])));
  const piece = chunk(Buffer.alloc(65_536));
  const feed = () => {
    while (call.socket.writable && call.socket.write(piece));
  };
  call.socket.on('drain', feed);
  feed();
  await call.answered('(ATTACHMENT_LIMIT)');
  t.match(call.answer(), /^HTTP\/1\.1 413 /);
  t.strictSame(await leftovers(), []);
  t.equal(clock.pending(), 1);
  const closed = new Promise((resolve) => call.socket.once('close', resolve));
  clock.elapse();
  await closed;
  t.ok(call.socket.bytesWritten < 40 * MIB, `${call.socket.bytesWritten} bytes were taken at most`);
});

t.test('a Content-Length beyond the limits is answered before any of the body is sent', async (t) => {
  const { port } = await build(t, { clock: createHeldClock() });
  const call = await openCall(t, port, 'Content-Length: 1099511627776');
  await call.answered('at most');
  t.match(call.answer(), /^HTTP\/1\.1 413 /);
});

t.test('a refused caller that ends its request properly keeps its connection', async (t) => {
  const clock = createHeldClock();
  const { port } = await build(t, { clock, limits: { attachmentBytes: 10 } });
  const call = await openCall(t, port, 'Transfer-Encoding: chunked');
  call.socket.write(chunk(Buffer.concat([DATA, Buffer.from(FILE_HEAD), Buffer.alloc(MIB)])));
  await call.answered('(ATTACHMENT_LIMIT)');
  call.socket.write(Buffer.concat([chunk(END), Buffer.from('0\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n')]));
  await call.answered('GET:/next');
  t.equal(clock.pending(), 0, 'nothing is left that could close it');
});

t.test('a full disk is a 503 with Retry-After, and the next upload works', async (t) => {
  let full = true;
  const openFile = async (path: string) => {
    const handle = await open(path, 'wx', 0o600);
    return {
      writeFile: async (bytes: Uint8Array) => {
        if (full) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
        await handle.writeFile(bytes);
      },
      close: () => handle.close(),
    };
  };
  const { url, leftovers } = await build(t, { openFile });
  const body = bytes(DATA, filePart(Buffer.alloc(500_000)), END);
  t.match(await post<Refusal>(url, body), { status: 503, body: { code: 'storage_unavailable', retryAfterMs: 10_000 } });
  t.strictSame(await leftovers(), []);
  full = false;
  t.equal((await post<Receipt>(url, body)).status, 200);
});

t.test('a slow disk slows the caller down instead of filling the memory', async (t) => {
  let connection: Socket | undefined;
  let written = 0;
  let furthestAhead = 0;
  const openFile = async (path: string) => {
    const handle = await open(path, 'wx', 0o600);
    return {
      writeFile: async (bytes: Uint8Array) => {
        // Turns in which a receiver that does not wait for the disk would read on.
        for (let turn = 0; turn < 10; turn += 1) await setImmediate();
        furthestAhead = Math.max(furthestAhead, (connection?.bytesRead ?? Number.POSITIVE_INFINITY) - written);
        await handle.writeFile(bytes);
        written += bytes.byteLength;
      },
      close: () => handle.close(),
    };
  };
  const { app, url } = await build(t, { openFile });
  app.server.on('connection', (socket) => {
    connection = socket;
  });
  const content = Buffer.alloc(20 * MIB, 7);
  const answer = await post<Receipt>(url, bytes(DATA, filePart(content), END));
  t.match(answer, { status: 200, body: { files: [{ size: content.length }] } });
  t.ok(furthestAhead < 512 * 1024, `${furthestAhead} bytes were read ahead of the disk at most`);
});
