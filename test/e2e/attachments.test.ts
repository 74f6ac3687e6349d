import { randomBytes } from 'node:crypto';
import t from 'tap';
import { expectProblem } from '../http/expect-problem.ts';
import { least, startGateway } from '../support/gateway.ts';
import { form, sha256 } from './form.ts';

const data = { name: 'data', content: JSON.stringify(least.email) };
const KIB = 1024;

t.test('base64 attachments go as files, links stay links', async (t) => {
  const { post, simulator, leftInSpool } = await startGateway(t);
  const bytes = randomBytes(100_001);
  const attachments = [
    { filename: 'דוח.pdf', contentType: 'application/pdf', content: bytes.toString('base64') },
    { filename: 'terms.pdf', url: 'https://example.com/terms.pdf?v=1' },
    { filename: 'empty.txt', content: '' },
  ];
  t.equal((await post('/v1/email', { ...least.email, attachments })).status, 201);
  const [received] = simulator.received();
  t.strictSame(received?.files, [
    {
      field: 'file',
      name: 'דוח.pdf',
      contentType: 'application/pdf',
      size: bytes.length,
      sha256: sha256(bytes),
    },
    { field: 'file', name: 'empty.txt', contentType: null, size: 0, sha256: sha256('') },
  ]);
  t.match(received?.rawData, '"attachments":[{"path":"https://example.com/terms.pdf?v=1","name":"terms.pdf"}]');
  t.same(await leftInSpool(), []);
});

t.test('a mail with links alone needs no files', async (t) => {
  const { post, simulator } = await startGateway(t);
  const attachments = [{ filename: 'terms.pdf', url: 'https://example.com/terms.pdf' }];
  t.equal((await post('/v1/email', { ...least.email, attachments })).status, 201);
  t.match(simulator.received()[0], { contentType: 'application/json', files: [] });
});

t.test('parts in any order; data whatever its type; many megabytes', async (t) => {
  const { post, simulator, leftInSpool } = await startGateway(t);
  const large = randomBytes(8 * KIB * KIB);
  const { headers, body } = form([
    { fileName: 'large.bin', contentType: 'application/octet-stream', content: large },
    { ...data, fileName: 'data.json', contentType: 'application/json' },
    { fileName: 'small.bin', content: 'x' },
  ]);
  t.equal((await post('/v1/email', body, headers)).status, 201);
  t.strictSame(
    simulator.received()[0]?.files.map((file) => file.sha256),
    [sha256(large), sha256('x')],
  );
  t.same(await leftInSpool(), []);
});

t.test('a byte order mark before `data` is no part of the message, nor of what a key stands for', async (t) => {
  const { post, simulator } = await startGateway(t);
  const file = { fileName: 'a.txt', content: 'x' };
  const send = (mark: string, path: string, content: string) => {
    const { headers, body } = form([{ name: 'data', content: `${mark}${content}` }, file]);
    return post(path, body, { ...headers, 'idempotency-key': 'k' });
  };
  const doors = [
    ['/v1/email', data.content, 201],
    ['/streams/532/objects', '{"Message":"hello"}', 200],
  ] as const;
  for (const [path, content, status] of doors) {
    t.match(await send('\uFEFF', path, content), { status }, path);
    t.match(await send('', path, content), { status, headers: { 'idempotency-replayed': 'true' } }, path);
  }
  const [mapped, verbatim] = simulator.received();
  t.match(mapped?.rawData, /^\{/);
  t.equal(verbatim?.rawData, '\uFEFF{"Message":"hello"}', 'the drop-in door passes on what came');
  const { headers, body } = form([{ name: 'data', content: `\uFEFF${data.content}` }, file]);
  t.match(await post('/v1/email/preview', body, headers), { status: 200 });
});

t.test('the files go again with every attempt', async (t) => {
  const { post, simulator, leftInSpool } = await startGateway(t);
  simulator.control({ next: [{ status: 429 }] });
  const { headers, body } = form([data, { fileName: 'a.bin', content: 'again' }]);
  t.match((await post('/v1/email', body, headers)).json(), { attempts: 2 });
  for (const { files } of simulator.received())
    t.strictSame(
      files.map((file) => file.sha256),
      [sha256('again')],
    );
  t.same(await leftInSpool(), []);
});

t.test('too much is a 413 that names the limit, and nothing stays or goes', async (t) => {
  const { post, simulator, leftInSpool } = await startGateway(t, {
    env: { ATTACHMENT_LIMIT: '64KiB', ATTACHMENT_COUNT: '2', BODY_LIMIT: '128KiB' },
  });
  const file = (size: number) => ({ fileName: 'a.bin', content: Buffer.alloc(size) });
  const inline = (size: number) => ({ filename: 'a.bin', content: Buffer.alloc(size).toString('base64') });
  const multipart: [ReturnType<typeof form>, limit: string, pointer: string][] = [
    [form([data, file(64 * KIB + 1)]), 'ATTACHMENT_LIMIT', '/file'],
    [form([file(32 * KIB), file(32 * KIB + 1), data]), 'ATTACHMENT_LIMIT', '/file'],
    [form([data, file(1), file(1), file(1)]), 'ATTACHMENT_COUNT', '/file/2'],
    [form([{ name: 'data', content: 'x'.repeat(128 * KIB + 1) }]), 'BODY_LIMIT', '/data'],
    [form([data, file(2048 * KIB)]), 'ATTACHMENT_LIMIT', ''],
  ];
  for (const [{ headers, body }, limit, pointer] of multipart) {
    const answer = await post('/v1/email', body, headers);
    const { detail } = expectProblem(t, answer, { code: 'payload_too_large', pointers: [pointer] });
    t.match(detail, limit);
  }
  for (const attachments of [[inline(64 * KIB + 1)], [inline(1), inline(1), inline(1)]]) {
    const answer = await post('/v1/email', { ...least.email, attachments });
    const { detail } = expectProblem(t, answer, { code: 'payload_too_large' });
    t.match(detail, attachments.length === 1 ? 'ATTACHMENT_LIMIT' : 'ATTACHMENT_COUNT');
  }
  t.same(await leftInSpool(), []);
  t.equal(simulator.counts().calls, 0);
  const { headers, body } = form([data, file(32 * KIB), file(32 * KIB)]);
  t.equal((await post('/v1/email', body, headers)).status, 201, 'exactly the limit fits');
});

t.test('a request that is refused leaves no file', async (t) => {
  const { post, simulator, leftInSpool } = await startGateway(t);
  const file = { fileName: 'a.bin', content: randomBytes(1000) };
  const whole = form([data, file]);
  const refused = [
    form([file]),
    form([data, data, file]),
    form([{ name: 'data', content: '{' }, file]),
    form([{ name: 'data', content: '{"to":"jane@example.com","text":"no subject"}' }, file]),
    form([data, file, { name: 'other', content: 'x' }]),
    form([data, { content: 'a file without a name' }, file]),
    { ...whole, body: whole.body.subarray(0, -10) },
  ];
  for (const { headers, body } of refused) {
    expectProblem(t, await post('/v1/email', body, headers), { code: 'invalid_request' });
  }
  expectProblem(t, await post('/v1/sms', whole.body, whole.headers), { code: 'unsupported_media_type' });
  const unknown = await post('/v1/email', whole.body, { ...whole.headers, authorization: 'Bearer x' });
  expectProblem(t, unknown, { code: 'unauthorized' });
  t.same(await leftInSpool(), []);
  t.equal(simulator.counts().calls, 0);
});
