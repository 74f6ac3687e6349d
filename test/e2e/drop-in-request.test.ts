import { randomBytes } from 'node:crypto';
import t from 'tap';
import { expectProblem } from '../http/expect-problem.ts';
import { startGateway } from '../support/gateway.ts';
import { form, sha256 } from './form.ts';

const path = '/streams/532/objects';

t.test('JSON goes on byte for byte', async (t) => {
  const { post, simulator } = await startGateway(t);
  const bodies = [
    '\r\n { "data" :\t{ "Message" : "a" , "Message":"\\u05e9\\u05dc\\u05d5\\u05dd \\/ שלום" } }\n\n',
    '{"data":{"Message":"x","ManagerId":"36197","UserIdentity":9223372036854775807,"Serial":12345678901234567890,"Price":1.10,"E":1E+2,"Z":-0}}',
    '{"other":1,"data":{"Message":"<p>\\ud83d\\ude00 😀</p>","Content":"{\\"to\\":[]}","Unknown":[null,{}]}}',
    `{"data":{"Message":"deep","Unknown":${'['.repeat(5000)}${']'.repeat(5000)}}}`,
    '\uFEFF{"data":{"Message":"with a byte order mark"}}',
  ];
  for (const body of bodies) {
    t.match(await post(path, body), { status: 200 });
    t.equal(simulator.received({ limit: 1 })[0]?.rawBody, body);
  }
  t.equal(simulator.received()[0]?.contentType, 'application/json');
});

t.test('a multipart is rebuilt with data verbatim and the files as they were', async (t) => {
  const { post, simulator, leftInSpool } = await startGateway(t);
  const data =
    '{\r\n\t"Type": 5,  "Message": "a\\u00e9 é שלום", "UserIdentity": 9223372036854775807, "Message": "b" }\n';
  const content = randomBytes(300_000);
  const { headers, body } = form([
    { fileName: 'חשבונית מס׳ 7.pdf', contentType: 'application/pdf', content },
    { name: 'data', content: data },
    { fileName: 'no-type', content: '' },
    {
      head: `Content-Disposition: form-data; name=file; filename="=?utf-8?B?15fXqdeR15XXnyDXodeV16TXmS5wZGY=?="; filename*=utf-8''%D7%97%D7%A9%D7%91%D7%95%D7%9F%20%D7%A1%D7%95%D7%A4%D7%99.pdf\r\nContent-Type: application/x-odd; a="b c"`,
      content: '\r\n--\r\n',
    },
  ]);
  t.equal((await post(path, body, headers)).status, 200);
  const [received] = simulator.received();
  t.equal(received?.rawData, data);
  const file = (name: string, contentType: string | null, bytes: string | Buffer) => {
    return { field: 'file', name, contentType, size: bytes.length, sha256: sha256(bytes) };
  };
  t.strictSame(received?.files, [
    file('חשבונית מס׳ 7.pdf', 'application/pdf', content),
    file('no-type', null, ''),
    file('חשבון סופי.pdf', 'application/x-odd; a="b c"', '\r\n--\r\n'),
  ]);
  t.same(await leftInSpool(), []);
});

t.test('what CommBox certainly refuses is refused here, with pointers and in both formats', async (t) => {
  const { post, simulator, leftInSpool } = await startGateway(t);
  const cases: [string, string[]][] = [
    ['{}', ['/data']],
    ['{"data":[]}', ['/data']],
    ['{"data":{}}', ['/data/Message']],
    ['{"data":{"Message":""}}', ['/data/Message']],
    ['{"data":{"Message":7,"ManagerId":1.5,"Type":"five"}}', ['/data/Message', '/data/Type', '/data/ManagerId']],
    ['[]', ['']],
    ['{"data":', ['']],
    ['', ['']],
  ];
  for (const [body, pointers] of cases) {
    const answer = await post(path, body);
    const problem = expectProblem(t, answer, { code: 'invalid_request', pointers });
    t.equal(problem['description'], problem['detail']);
    t.match(problem['response_time'], /^\d{4}-\d\d-\d\dT.*Z$/);
    t.equal(answer.headers['gateway-outcome'], 'not_sent');
  }
  const { headers, body } = form([
    { name: 'data', content: '{"Type":5}' },
    { fileName: 'a.bin', content: 'a' },
  ]);
  expectProblem(t, await post(path, body, headers), { code: 'invalid_request', pointers: ['/Message'] });
  t.same(await leftInSpool(), []);
  expectProblem(t, await post(path, 'a=b', { 'content-type': 'text/plain' }), { code: 'unsupported_media_type' });
  t.equal(simulator.counts().calls, 0);
});

t.test('a lane comes by its header', async (t) => {
  const { post, log } = await startGateway(t);
  const object = '{"data":{"Message":"hello"}}';
  t.equal((await post(path, object, { 'gateway-lane': 'bulk', 'x-request-id': 'r-1' })).status, 200);
  t.match(await log.line({ requestId: 'r-1' }), { lane: 'bulk', channel: 'sms', stream: 'sms' });
  const answer = await post(path, object, { 'gateway-lane': 'express' });
  expectProblem(t, answer, { code: 'invalid_request' });
  t.match(answer.json()['detail'], /critical, normal, bulk/);
});
