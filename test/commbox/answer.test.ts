import t from 'tap';
import { judgeAnswer } from '../../src/commbox/answer.ts';

const judge = (status: number, body: unknown, sendsToClient = false) =>
  judgeAnswer(
    status,
    Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    sendsToClient,
  );

t.test('an id is read as digits, wherever and however CommBox writes it', async (t) => {
  const ids: [string, string][] = [
    ['{"status":200,"data":{"id":294159}}', '294159'],
    ['{"status":"200","data":{"Id":294159}}', '294159'],
    ['{"data":{"id":"294159"}}', '294159'],
    ['{"status":200,"data":{"id":9223372036854775807}}', '9223372036854775807'],
    ['{"data":{"other":{"data":{"id":11111111111111111111}},"id":9007199254740993}}', '9007199254740993'],
    ['{"status":201,"data":{"Id":9007199254740993}}', '9007199254740993'],
    ['{"status":null,"data":{"id":7}}', '7'],
    ['{"data":{"id":9007199254740993},"meta":{"data":{"id":9007199254740995}}}', '9007199254740993'],
  ];
  for (const [body, objectId] of ids) t.match(judge(200, body), { kind: 'sent', objectId }, body);
});

t.test('an answer that nests too deep to read its digits exactly is unclear, and no more', async (t) => {
  const deep = (id: string) => `{"data":{"id":${id}},"deep":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  t.match(judge(200, deep('9007199254740993')), { kind: 'unclear' });
});

t.test('the envelope decides when HTTP says success, and only then', async (t) => {
  const cases: [number, unknown, string, number][] = [
    [200, { status: 400, description: 'bad' }, 'rejected', 400],
    [200, { status: '500' }, 'unclear', 500],
    [200, { status: '429' }, 'throttled', 429],
    [200, { status: 401 }, 'unauthorized', 401],
    [200, { status: 404 }, 'stream_not_found', 404],
    [202, { status: 'OK', data: { id: 5 } }, 'sent', 202],
    [500, { status: 200, data: { id: 5 } }, 'unclear', 500],
    [429, { status: 200, data: { id: 5 } }, 'throttled', 429],
    [403, '', 'unauthorized', 403],
    [404, '<html>', 'stream_not_found', 404],
    [422, '', 'rejected', 422],
    [408, '', 'unclear', 408],
    [301, '', 'unclear', 301],
    [501, { description: 'Not Implemented' }, 'unclear', 501],
  ];
  for (const [http, body, kind, status] of cases) {
    t.match(judge(http, body), { kind, upstream: { status } }, `${http} ${JSON.stringify(body)}`);
  }
});

t.test('a success without a usable id is unclear, unless CommBox saves nothing by request', async (t) => {
  const bodies = [
    {},
    { status: 200 },
    { data: null },
    { data: [] },
    { data: { id: null } },
    { data: { id: {} } },
    { data: { id: 1.5 } },
    { data: { id: '' } },
    { data: { id: 'x' } },
    { data: { id: 0 } },
    { data: { id: true } },
  ];
  for (const body of bodies) {
    t.equal(judge(200, body).kind, 'unclear', JSON.stringify(body));
    t.match(judge(200, body, true), { kind: 'sent', objectId: null }, JSON.stringify(body));
  }
});

t.test('what is no JSON object is never a success', async (t) => {
  const bodies = [
    '',
    '<html>ok</html>',
    '[]',
    '"ok"',
    'null',
    '5',
    '{',
    '{"data":{"id":5}',
    Buffer.from([0x7b, 0xff, 0x7d]),
  ];
  for (const body of bodies) {
    t.equal(judge(200, body, false).kind, 'unclear');
    t.equal(judge(200, body, true).kind, 'unclear');
  }
});

t.test('a description is bounded and free of control characters', async (t) => {
  const { upstream } = judge(400, { description: `line\r\nbreak ${'x'.repeat(5000)}` });
  t.equal(upstream.description?.length, 499);
  t.match(upstream.description, /^line break x+$/);
  t.equal(judge(400, { description: { a: 1 } }).upstream.description, null);
});

t.test('hostile JSON does not crash the reader', async (t) => {
  t.equal(judge(200, '['.repeat(1_000_000)).kind, 'unclear');
  t.equal(judge(200, '{"a":'.repeat(100_000)).kind, 'unclear');
  t.equal(judge(200, '{"__proto__":{"data":{"id":5}}}').kind, 'unclear');
});
