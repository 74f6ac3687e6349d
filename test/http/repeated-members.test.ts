import t from 'tap';
import { least, startGateway } from '../support/gateway.ts';
import { expectProblem, faultsOf } from './expect-problem.ts';

const form = { 'content-type': 'multipart/form-data; boundary=x' };
const part = (data: string) => `--x\r\nContent-Disposition: form-data; name="data"\r\n\r\n${data}\r\n--x--\r\n`;
/** The same text with one more member at the end of the outermost object. */
const plus = (body: object, member: string) => `${JSON.stringify(body).slice(0, -1)},${member}}`;

t.test('a member that is there twice is refused by name, wherever it stands', async (t) => {
  const { post, simulator } = await startGateway(t);
  const cases: [path: string, body: string, pointers: string[]][] = [
    ['/v1/sms', plus(least.sms, '"to":"+972544444445"'), ['/to']],
    ['/v1/sms', plus(least.sms, '"t\\u006f":"+972544444445"'), ['/to']],
    ['/v1/sms', plus(least.sms, '"to":"+972544444445","to":"+972544444446","text":"x"'), ['/to', '/text']],
    ['/v1/sms', plus(least.sms, '"customer":{"id":"1","id":"1"}'), ['/customer/id']],
    ['/v1/sms', plus(least.sms, '"content":{"a/b":[0,{"c":"x: y","c" : 2}]}'), ['/content/a~1b/1/c']],
    ['/v1/sms', plus(least.sms, '"__proto__":1,"__proto__":2'), ['/__proto__']],
    ['/v1/sms/preview', plus(least.sms, '"text":"other"'), ['/text']],
    ['/v1/messages/cancel', '{"reference":"a","reference":"b"}', ['/reference']],
    ['/v1/pacing/default/pause', '{"lane":"bulk","lane":"normal"}', ['/lane']],
    ['/v1/messages', '{"messages":[1],"messages":[2]}', ['/messages']],
  ];
  for (const [path, body, pointers] of cases) {
    const answer = await post(path, body);
    expectProblem(t, answer, { code: 'invalid_request', pointers });
    for (const { message } of faultsOf(answer)) t.match(message, /must be given once/);
  }
  expectProblem(t, await post('/v1/email', part(plus(least.email, '"subject":"b"')), form), {
    code: 'invalid_request',
    pointers: ['/subject'],
  });
  t.equal(simulator.counts().calls, 0);
  t.match(await post('/v1/sms', plus(least.sms, '"content":{"a":{"to":1},"b":{"to":1}}')), { status: 201 });
});

t.test('of a batch, only the message with a repeated member is refused', async (t) => {
  const { post } = await startGateway(t);
  const good = JSON.stringify({ channel: 'sms', ...least.sms });
  const bad = plus({ channel: 'sms', ...least.sms }, '"text":"other","customer":{"id":"1","id":"2"}');
  const answer = await post('/v1/messages', `{"messages":[${good},${bad},${good}]}`);
  t.match(answer, { status: 202 });
  const results = answer.json()['results'] as Record<string, unknown>[];
  t.match(results, [
    { status: 'queued' },
    { problem: { code: 'invalid_request', errors: [{ pointer: '/text' }, { pointer: '/customer/id' }] } },
    { status: 'queued' },
  ]);
});

t.test('of a batch, only the message that nests too deep is refused, by the measure of its own route', async (t) => {
  const { post, simulator } = await startGateway(t);
  const withContent = (levels: number, core = '"x"') =>
    plus({ channel: 'sms', ...least.sms }, `"content":${'{"a":'.repeat(levels)}${core}${'}'.repeat(levels)}`);
  const digits = '1.10';
  const messages = [withContent(19), withContent(20), withContent(19, digits), withContent(100_000, digits)];
  const answer = await post('/v1/messages', `{"messages":[${messages.join()}]}`);
  const tooDeep = {
    code: 'invalid_request',
    errors: [{ pointer: '', message: 'must not nest deeper than 20 levels' }],
  };
  t.match(answer, { status: 202 });
  t.match(answer.json()['results'], [
    { status: 'queued' },
    { problem: tooDeep },
    { status: 'queued' },
    { problem: tooDeep },
  ]);
  await simulator.waitFor(2);
  t.ok(
    simulator.received().some(({ rawBody }) => rawBody?.includes(`"a":${digits}`)),
    'digits are kept beside it',
  );
});

t.test('at the drop-in door, what the allow-list checks must be there once, and the rest passes', async (t) => {
  const env = { RECIPIENT_ALLOWLIST: '972544444444' };
  const { post, simulator } = await startGateway(t, { env });
  const send = (data: string) => post('/streams/532/objects', data);
  const data = '"Type":4,"Message":"hello","UserStreamProviderId":"972544444444"';
  const refused: [body: string, pointer: string][] = [
    [`{"data":{},"data":{${data}}}`, '/data'],
    [`{"data":{"UserStreamProviderId":"972500000000",${data}}}`, '/data/UserStreamProviderId'],
    [`{"data":{${data},"Content":{"to":["972500000000"],"to":["972544444444"]}}}`, '/data/Content/to'],
    [
      `{"data":{${data},"Content":{"to":[{"address":"972500000000","address":"972544444444"}]}}}`,
      '/data/Content/to/0/address',
    ],
  ];
  for (const [body, pointer] of refused) {
    expectProblem(t, await send(body), { code: 'invalid_request', pointers: [pointer] });
  }
  const asText = JSON.stringify('{"to":["972500000000"],"to":["972544444444"]}');
  expectProblem(t, await send(`{"data":{${data},"Content":${asText}}}`), { code: 'recipient_not_allowed' });
  const inPart = await post('/streams/532/objects', part(`{"Type":4,${data}}`), form);
  expectProblem(t, inPart, { code: 'invalid_request', pointers: ['/Type'] });
  t.equal(simulator.counts().calls, 0);
  t.match(await send(`{"x":1,"x":2,"data":{"Message":"a",${data},"Own":1,"Own":2}}`), { status: 200 });

  const open = await startGateway(t);
  const twice = `{"data":{"UserStreamProviderId":"972500000000",${data}}}`;
  t.match(await open.post('/streams/532/objects', twice), { status: 200 });
  t.equal(open.simulator.received()[0]?.rawBody, twice, 'byte for byte');
});
