import t from 'tap';
import { call } from '../http/call.ts';
import { rawCall } from '../http/raw-call.ts';
import { GATEWAY_KEY, least, STREAMS, startGateway } from '../support/gateway.ts';
import { createHeldAnswers, HELD } from '../support/held-answers.ts';

const KEY = `Authorization: Bearer ${GATEWAY_KEY}`;
const JSON_TYPE = 'Content-Type: application/json';
const SMS = JSON.stringify(least.sms);
const lines = (...all: string[]) => `${all.join('\r\n')}\r\n\r\n`;
const post = (path: string, ...headers: string[]) =>
  lines(`POST ${path} HTTP/1.1`, 'Host: x', KEY, JSON_TYPE, ...headers);
const get = (target: string, ...headers: string[]) =>
  lines(`GET ${target} HTTP/1.1`, 'Host: x', KEY, 'Connection: close', ...headers);
const sized = (path: string, body: string, ...headers: string[]) =>
  post(path, 'Connection: close', `Content-Length: ${Buffer.byteLength(body)}`, ...headers) + body;
const dropIn = (id: string) => sized(`/streams/${id}/objects`, '{"data":{"Message":"x"}}');
const CHUNKED = 'Transfer-Encoding: chunked';

type Attack = readonly [name: string, bytes: string | Buffer, status: number, code: string];

const framing: Attack[] = [
  ['a length and chunks', `${post('/v1/sms', 'Content-Length: 5', CHUNKED)}0\r\n\r\n`, 400, 'invalid_request'],
  ['chunks and a length', `${post('/v1/sms', CHUNKED, 'Content-Length: 5')}0\r\n\r\n`, 400, 'invalid_request'],
  ['two lengths', post('/v1/sms', 'Content-Length: 5', 'Content-Length: 6'), 400, 'invalid_request'],
  ['one length twice', post('/v1/sms', 'Content-Length: 5', 'Content-Length: 5'), 400, 'invalid_request'],
  ['a list of lengths', post('/v1/sms', 'Content-Length: 5, 5'), 400, 'invalid_request'],
  ['a signed length', post('/v1/sms', 'Content-Length: +5'), 400, 'invalid_request'],
  ['a negative length', post('/v1/sms', 'Content-Length: -5'), 400, 'invalid_request'],
  ['a hexadecimal length', post('/v1/sms', 'Content-Length: 0x5'), 400, 'invalid_request'],
  ['a length beyond all numbers', post('/v1/sms', 'Content-Length: 99999999999999999999999'), 400, 'invalid_request'],
  ['chunks under another name', post('/v1/sms', 'Transfer-Encoding: xchunked'), 400, 'invalid_request'],
  ['chunks not last', post('/v1/sms', 'Transfer-Encoding: chunked, gzip'), 400, 'invalid_request'],
  ['a space before the colon', post('/v1/sms', 'Content-Length : 5'), 400, 'invalid_request'],
  ['a header folded', post('/v1/sms', 'Transfer-Encoding:\r\n chunked'), 400, 'invalid_request'],
  ['a chunk size that is none', `${post('/v1/sms', CHUNKED)}5x\r\nhello\r\n0\r\n\r\n`, 400, 'invalid_request'],
  ['a chunk longer than it says', `${post('/v1/sms', CHUNKED)}2\r\nhello\r\n0\r\n\r\n`, 400, 'invalid_request'],
  ['a chunk size beyond all numbers', `${post('/v1/sms', CHUNKED)}ffffffffffffffffff\r\n`, 400, 'invalid_request'],
  ['a chunk ended by a bare line feed', `${post('/v1/sms', CHUNKED)}5\nhello\n0\n\n`, 400, 'invalid_request'],
  [
    'huge chunk extensions',
    `${post('/v1/sms', CHUNKED)}5;${'x'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`,
    413,
    'payload_too_large',
  ],
  ['bare line feeds', `POST /v1/sms HTTP/1.1\nHost: x\n${KEY}\nContent-Length: 0\n\n`, 400, 'invalid_request'],
  ['a bare carriage return in a header', post('/v1/sms', 'X: a\rContent-Length: 0'), 400, 'invalid_request'],
  ['a NUL in a header', post('/v1/sms', 'X: a\0b'), 400, 'invalid_request'],
  ['no host', lines('GET /livez HTTP/1.1', 'Connection: close'), 400, 'invalid_request'],
  ['two hosts', lines('GET /livez HTTP/1.1', 'Host: a', 'host: b', 'Connection: close'), 400, 'invalid_request'],
  ['no HTTP', 'hello\r\n\r\n', 400, 'invalid_request'],
  ['TLS', Buffer.from('160301020001000001fc0303', 'hex'), 400, 'invalid_request'],
  ['a preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'invalid_request'],
  ['HTTP/0.9', 'GET /livez\r\n\r\n', 400, 'invalid_request'],
  ['a method of its own', 'SEND /v1/sms HTTP/1.1\r\nHost: x\r\n\r\n', 400, 'invalid_request'],
  ['a proxy request', 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n', 405, 'method_not_allowed'],
  ['one huge header', post('/v1/sms', `X: ${'x'.repeat(20_000)}`), 431, 'invalid_request'],
  ['many headers', post('/v1/sms', ...Array.from({ length: 5_000 }, (_, n) => `X-${n}: y`)), 431, 'invalid_request'],
  ['a huge target', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431, 'invalid_request'],
];

const paths: Attack[] = [
  ['dots', get('/v1/../v1/messages'), 404, 'not_found'],
  ['encoded dots', get('/v1/%2e%2e/v1/messages'), 404, 'not_found'],
  ['doubly encoded dots', get('/v1/%252e%252e/v1/messages'), 404, 'not_found'],
  ['a doubled slash', get('//v1/messages'), 404, 'not_found'],
  ['an encoded slash', get('/v1%2fmessages'), 404, 'not_found'],
  ['a backslash', get('/v1\\messages'), 404, 'not_found'],
  ['a trailing slash', get('/v1/messages/'), 404, 'not_found'],
  ['a parameter in the path', get('/v1/messages;x=y'), 404, 'not_found'],
  ['upper case', get('/V1/messages'), 404, 'not_found'],
  ['a NUL', get('/v1/messages%00'), 404, 'not_found'],
  ['a NUL in an id', get('/v1/messages/%00'), 404, 'not_found'],
  ['overlong UTF-8', get('/v1/%c0%ae%c0%ae/messages'), 400, 'invalid_request'],
  ['half of an escape', get('/v1/messages/%e'), 400, 'invalid_request'],
  ['a half of a surrogate', get('/v1/messages/%ed%a0%80'), 400, 'invalid_request'],
  ['a fragment', get('/v1/messages#x'), 400, 'invalid_request'],
  ['an asterisk', lines('OPTIONS * HTTP/1.1', 'Host: x', 'Connection: close'), 404, 'not_found'],
  ['files of the page from above it', get('/docs/..%2f..%2fpackage.json'), 404, 'not_found'],
  ['a stream of dots', dropIn('..'), 400, 'invalid_request'],
  ['a stream of encoded dots', dropIn('%2e%2e'), 400, 'invalid_request'],
  ['a stream with a NUL', dropIn('a%00b'), 400, 'invalid_request'],
  ['a stream with a line', dropIn('a%0d%0ab'), 400, 'invalid_request'],
  ['a long stream', dropIn('x'.repeat(5_000)), 400, 'invalid_request'],
];

for (const [kind, attacks] of Object.entries({ framing, paths })) {
  t.test(`what is wrong with the ${kind} gets its answer, sends nothing, and stops nothing`, async (t) => {
    const { port, simulator, log } = await startGateway(t);
    for (const [name, bytes, status, code] of attacks) {
      const { ended } = await rawCall(t, port, bytes);
      const text = await ended;
      const [head = '', body = '{}'] = text.split('\r\n\r\n');
      t.match(head, new RegExp(`^HTTP/1.1 ${status} .*^content-type: application/problem\\+json`, 'ims'), name);
      t.match(JSON.parse(body), { status, code }, name);
      const requestId = /^x-request-id: (.+)$/im.exec(head)?.[1]?.trim();
      t.equal(JSON.parse(body).requestId, requestId);
      t.match(await log.line({ requestId }), { status, traceId: /^traceparent: 00-(\w+)-/im.exec(head)?.[1] }, name);
      t.equal(text.split('HTTP/1.1 ').length, 2, `${name}: one answer`);
      t.equal((await call(port, { method: 'GET', path: '/livez' })).status, 200, `${name}: and life goes on`);
    }
    t.equal(simulator.counts().calls, 0);
  });
}

t.test('what HTTP allows is served', async (t) => {
  const { port, simulator } = await startGateway(t);
  const served: [string, string, number][] = [
    ['a target with a host', get('http://elsewhere.example/v1/me'), 200],
    [
      'chunk extensions',
      `${post('/v1/sms', CHUNKED, 'Connection: close')}${SMS.length.toString(16)};a=b\r\n${SMS}\r\n0\r\n\r\n`,
      201,
    ],
    [
      'trailers',
      `${post('/v1/sms', CHUNKED, 'Connection: close')}${SMS.length.toString(16)}\r\n${SMS}\r\n0\r\nX-API-Key: other\r\n\r\n`,
      201,
    ],
    ['an expectation', sized('/v1/sms', SMS, 'Expect: 100-continue'), 201],
    ['an expectation that nobody knows', sized('/v1/sms', SMS, 'Expect: a-miracle'), 201],
    ['an upgrade that is declined', get('/v1/me', 'Upgrade: websocket'), 200],
    ['HTTP/1.0', lines('GET /livez HTTP/1.0'), 200],
  ];
  for (const [name, bytes, status] of served) {
    const { ended } = await rawCall(t, port, bytes);
    t.match(await ended, new RegExp(`^(HTTP/1.1 100 Continue\r\n\r\n)?HTTP/1.1 ${status} `), name);
  }
  t.equal(simulator.counts().recorded, 4);
});

t.test('what follows a request on its connection never takes the place of its answer', async (t) => {
  const held = createHeldAnswers();
  const { port, simulator, post: send } = await startGateway(t, { simulator: { clock: held } });
  const short = post('/v1/sms', `Content-Length: ${SMS.length}`) + SMS;
  for (const [name, rest] of Object.entries({
    'more bytes than stated': '"}"}',
    garbage: '\x16\x03\x01\x02',
    'two lengths': lines('POST /v1/sms HTTP/1.1', 'Host: x', 'Content-Length: 1', 'Content-Length: 2'),
  })) {
    simulator.control({ next: [HELD] });
    const { ended } = await rawCall(t, port, short + rest);
    await simulator.waitFor(simulator.counts().calls + 1);
    // What followed has been read by the time another connection is answered.
    await call(port, { method: 'GET', path: '/livez' });
    held.release();
    const answers = (await ended).split(/(?=HTTP\/1\.1 \d)/);
    t.equal(answers.length, 2, name);
    t.match(answers[0], /^HTTP\/1\.1 201 .*"status":"sent"/s, name);
    t.match(answers[1], /^HTTP\/1\.1 400 .*"invalid_request"/s, name);
  }
  t.match(simulator.counts(), { calls: 3, recorded: 3 });
  t.equal((await send('/v1/sms', least.sms)).status, 201);
});

t.test('names that JavaScript treats in its own way are data like any other', async (t) => {
  const { port, post: send, get: read, simulator } = await startGateway(t);
  const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'];
  for (const name of names) {
    const evil = `{"polluted":"yes","prototype":{"polluted":"yes"}}`;
    const field = await send('/v1/sms', `{"to":"+972544444444","text":"x","${name}":${evil}}`);
    t.match(field, { status: 400, text: name }, `${name} is no field`);
    const inCustomer = await send('/v1/sms', `{"to":"+972544444444","text":"x","customer":{"${name}":${evil}}}`);
    t.equal(inCustomer.status, 400, `${name} is no field of a customer`);
    const content = await send('/v1/sms', `{"to":"+972544444444","text":"x","content":{"${name}":${evil}}}`);
    t.equal(content.status, 201, `${name} in content goes on`);
    t.match(simulator.received().at(-1)?.rawBody, `"${name}":${evil}`);
    const object = `{"data":{"Message":"x","${name}":${evil}}}`;
    t.equal((await send(`/streams/${STREAMS.sms}/objects`, object)).status, 200, `${name} at the drop-in door`);
    t.equal(simulator.received().at(-1)?.rawBody, object);
    t.equal((await send('/v1/messages', `{"messages":[{"channel":"${name}"}]}`)).status, 202, `${name} as a channel`);
    const asStream = (await send('/v1/sms', { ...least.sms, stream: name })).status;
    t.ok(asStream === 400 || asStream === 201, `${name} as a stream: none, or the raw id that it may be`);
    t.not((await read(`/v1/messages?${name}=x`)).status, 500);
    t.not((await read(`/v1/messages/${name}`)).status, 500);
    const header = await call(port, { method: 'GET', path: '/livez', headers: { [name]: 'x' } });
    t.equal(header.status, 200, `${name} as a header`);
  }
  t.equal(({} as Record<string, unknown>)['polluted'], undefined);
});

t.test('nesting, size and numbers of parts are limited before they cost anything', async (t) => {
  const { post: send, simulator, leftInSpool } = await startGateway(t);
  const part = (name: string, content = '') =>
    `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${content}\r\n`;
  const file = '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n';
  const data = part('data', JSON.stringify(least.email));
  const deep = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth);
  const form = { 'content-type': 'multipart/form-data; boundary=b' };
  const cases: [name: string, body: string, status: number, headers?: Record<string, string>][] = [
    ['nested lists', `{"content":{"a":${deep('[', ']', 100_000)}}}`, 400],
    ['nested objects', `{"content":${deep('{"a":', '}', 100_000).replace('}', '1}')}}`, 400],
    ['a million members', `{${'"a":1,'.repeat(160_000)}"b":2}`, 400],
    ['a number of a million digits', `{"text":${'9'.repeat(1_000_000)}}`, 400],
    ['a mebibyte and more', `{"text":"${'x'.repeat(1024 ** 2)}"}`, 413],
    ['ten thousand files', data + file.repeat(10_000), 413, form],
    ['ten thousand fields', data + part('x').repeat(10_000), 400, form],
    ['ten thousand times data', data.repeat(1_000), 400, form],
    ['ten thousand nameless parts', '--b\r\n\r\n\r\n'.repeat(10_000), 400, form],
    ['ten thousand headers in a part', `--b\r\n${'X: y\r\n'.repeat(10_000)}\r\n`, 400, form],
  ];
  for (const [name, body, status, headers = {}] of cases) {
    const before = process.cpuUsage();
    const whole = headers === form ? `${body}--b--\r\n` : body;
    t.equal((await send('/v1/email', whole, headers)).status, status, name);
    const { user, system } = process.cpuUsage(before);
    t.ok(user + system < 2_000_000, `${name}: at little cost`, { user, system });
  }
  t.same(await leftInSpool(), []);
  t.equal(simulator.counts().calls, 0);
});
