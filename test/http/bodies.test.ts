import { gzipSync } from 'node:zlib';
import t from 'tap';
import { least, startGateway } from '../support/gateway.ts';
import { call } from './call.ts';
import { expectProblem, faultsOf } from './expect-problem.ts';
import { rawCall } from './raw-call.ts';

const sms = JSON.stringify(least.sms);
const MIB = 1024 ** 2;

t.test('only JSON in UTF-8 is read', async (t) => {
  const { post, simulator } = await startGateway(t);
  const other = [
    ...['text/plain', 'text/json', 'application/x-www-form-urlencoded', 'application/json-patch+json', 'nonsense', ''],
    ...['multipart/form-data; boundary=x', 'application/octet-stream', 'application/jsonp'],
    ...[
      'application/json; charset=iso-8859-8',
      'application/json; charset="utf-16"',
      'application/json; charset=utf-88',
    ],
  ];
  for (const type of other) {
    const answer = await post('/v1/sms', sms, { 'content-type': type });
    expectProblem(t, answer, { code: 'unsupported_media_type' });
  }
  t.equal(simulator.counts().calls, 0);
  const same = [
    ...['application/json', 'Application/JSON', 'application/json; charset=utf-8', 'application/json;charset=UTF-8'],
    ...['application/json; charset="utf-8"', 'application/json; charset=utf8', 'application/json; profile="x"'],
  ];
  for (const type of same) t.match(await post('/v1/sms', sms, { 'content-type': type }), { status: 201 }, type);
});

t.test('a batch that is too large, or no JSON, is told what this route takes', async (t) => {
  const { post } = await startGateway(t, { env: { BODY_LIMIT: '1024' } });
  const large = await post('/v1/messages', 'x'.repeat(2_000));
  expectProblem(t, large, { code: 'payload_too_large' });
  t.match(large.json()['detail'], /split the batch, or raise BODY_LIMIT/);
  const form = await post('/v1/messages', '--x--', { 'content-type': 'multipart/form-data; boundary=x' });
  expectProblem(t, form, { code: 'unsupported_media_type' });
  for (const { text } of [large, form]) t.notMatch(text, /multipart/);
});

t.test('a compressed body is refused as that, at every door', async (t) => {
  const { post, get, simulator } = await startGateway(t);
  const packed = gzipSync(sms);
  const form = 'multipart/form-data; boundary=x';
  for (const coding of ['gzip', 'br', 'x-own', 'gzip, identity', '']) {
    for (const path of ['/v1/sms', '/v1/sms/preview', '/v1/email', '/v1/messages', '/streams/532/objects']) {
      const answer = await post(path, packed, { 'content-encoding': coding });
      expectProblem(t, answer, { code: 'unsupported_media_type' });
      t.match(answer, { headers: { 'accept-encoding': 'identity' } });
      t.match(answer.json()['detail'], /Content-Encoding must be left out, or be identity/);
    }
    const upload = await post('/v1/email', packed, { 'content-type': form, 'content-encoding': coding });
    expectProblem(t, upload, { code: 'unsupported_media_type' });
  }
  t.equal(simulator.counts().calls, 0);
  for (const coding of ['identity', 'Identity']) {
    t.match(await post('/v1/sms', sms, { 'content-encoding': coding }), { status: 201 }, coding);
  }
  t.match(await get('/v1/me', { 'content-encoding': 'gzip' }), { status: 200 }, 'no body, nothing to unpack');
  expectProblem(t, await post('/v1/sms', packed, { 'content-encoding': 'gzip', authorization: '' }), {
    code: 'unauthorized',
  });
});

t.test('a body that is no JSON is refused with the reason', async (t) => {
  const { post, simulator } = await startGateway(t);
  const nested = (depth: number) => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
  const cases: [body: string | Buffer, reason: RegExp][] = [
    ['', /JSON body is required/],
    [' \n', /valid JSON/],
    ['{"to":"+972544444444","text":"hello"', /breaks at position 36/],
    ["{'text':'x'}", /breaks at position 1/],
    ['{"text":"x",}', /valid JSON/],
    ['{"text":NaN}', /valid JSON/],
    ['{"text":01}', /valid JSON/],
    ['[]', /JSON object/],
    ['"text"', /JSON object/],
    ['null', /JSON object/],
    ['7', /JSON object/],
    [Buffer.from('{"to":"+972544444444","text":"\xe9"}', 'latin1'), /UTF-8/],
    [Buffer.from(sms, 'utf16le'), /valid JSON|UTF-8/],
    [nested(21), /20 levels/],
    [nested(500_000), /20 levels/],
  ];
  for (const [body, reason] of cases) {
    const answer = await post('/v1/sms', body);
    expectProblem(t, answer, { code: 'invalid_request', pointers: [''] });
    t.match(faultsOf(answer)[0]?.message, reason);
  }
  t.equal(simulator.counts().calls, 0);
});

t.test('a request without any body, or with another length than it states, is refused', async (t) => {
  const { post, port, simulator } = await startGateway(t);
  const key = 'Authorization: Bearer gateway-key-of-the-one-caller';
  const json = 'Content-Type: application/json';
  const none = await call(port, { path: '/v1/sms', headers: { authorization: key.slice(15) } });
  expectProblem(t, none, { code: 'invalid_request', pointers: [''] });
  const head = `POST /v1/sms HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${key}\r\n${json}\r\n`;
  const chunked = await rawCall(t, port, `${head}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`);
  t.match(await chunked.ended, /^HTTP\/1\.1 400 .*JSON body is required/s);
  const both = `Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`;
  t.match(
    await (await rawCall(t, port, head + both)).ended,
    /^HTTP\/1\.1 400 .*problem\+json/s,
    'smuggling is refused',
  );
  t.equal(simulator.counts().calls, 0);
  t.equal((await post('/v1/sms', `\uFEFF ${sms}\r\n`)).status, 201, 'a byte order mark and white space are fine');
});

t.test('JSON beyond BODY_LIMIT is a 413 that points to multipart, also for a caller that writes first', async (t) => {
  const { post, port, simulator } = await startGateway(t);
  const answer = await post('/v1/email', Buffer.alloc(MIB + 1, 'x'));
  t.match(expectProblem(t, answer, { code: 'payload_too_large' })['detail'], /BODY_LIMIT.*multipart\/form-data/);
  const text = 'x'.repeat(MIB - sms.length + 'hello'.length);
  t.equal((await post('/v1/sms', { ...least.sms, text })).status, 201, 'exactly the limit fits');
  simulator.clear();

  const key = 'Authorization: Bearer gateway-key-of-the-one-caller';
  const head = `POST /v1/email HTTP/1.1\r\nHost: x\r\n${key}\r\nContent-Type: application/json\r\n`;
  const chunk = Buffer.alloc(256 * 1024, 'x');
  const framings = [`Content-Length: ${6 * MIB}\r\n\r\n`, 'Transfer-Encoding: chunked\r\n\r\n'];
  for (const [index, framing] of framings.entries()) {
    const pieces = Array.from({ length: 24 }, () =>
      index === 0 ? [chunk] : [`${chunk.length.toString(16)}\r\n`, chunk, '\r\n'],
    );
    const { socket, answer, ended } = await rawCall(t, port, head + framing);
    // As blocking clients do: all is written before a byte of the answer is read.
    socket.pause();
    for (const piece of [...pieces.flat(), ...(index === 0 ? [] : ['0\r\n\r\n'])]) {
      if (!socket.write(piece)) await new Promise((resolve) => socket.once('drain', resolve));
    }
    socket.resume();
    socket.end('GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    t.match(await ended, /^HTTP\/1\.1 413 .*multipart\/form-data.*HTTP\/1\.1 200 OK/s, 'the connection goes on');
    t.match(answer(), /413/);
  }
  t.equal(simulator.counts().calls, 0);
});
