import t from 'tap';
import { least, STREAMS, startGateway } from '../support/gateway.ts';
import { expectProblem, faultsOf } from './expect-problem.ts';

type Body = Record<string, unknown>;

t.test('every fault has a pointer to its place and a message that says what is allowed', async (t) => {
  const { post, simulator } = await startGateway(t);
  const cases: [channel: keyof typeof least, body: Body, pointers: string[]][] = [
    ['sms', {}, ['/to', '/text']],
    ['email', {}, ['/to', '/subject', '/text']],
    ['email', { ...least.email, text: undefined }, ['/text']],
    ['email', { ...least.email, html: '<p>' }, ['/html']],
    ['whatsapp', {}, ['/to', '/template', '/text']],
    ['whatsapp', { ...least.whatsapp, template: {} }, ['/template/name', '/template/language']],
    ['sms', { ...least.sms, text: '' }, ['/text']],
    ['sms', { ...least.sms, text: 7, lane: 'express' }, ['/text', '/lane']],
    ['sms', { ...least.sms, to: ['+972544444444', '12', 7] }, ['/to/2', '/to/1']],
    ['sms', { ...least.sms, to: ['+972544444444', '12'] }, ['/to/1']],
    ['sms', { ...least.sms, to: [] }, ['/to']],
    ['sms', { ...least.sms, to: Array(1001).fill('+972544444444') }, ['/to']],
    ['email', { ...least.email, cc: Array(101).fill('a@example.com') }, ['/cc']],
    ['email', { ...least.email, to: { email: 'a@example.com', nick: 'x' } }, ['/to/nick']],
    ['email', { ...least.email, subject: 'two\r\nBcc: lines' }, ['/subject']],
    [
      'sms',
      { ...least.sms, customer: { firstName: 'x'.repeat(101), gender: 'X' } },
      ['/customer/firstName', '/customer/gender'],
    ],
    ['sms', { ...least.sms, customer: { phone: 'none' } }, ['/customer/phone']],
    ['sms', { ...least.sms, status: 'send' }, ['/status']],
    ['sms', { ...least.sms, content: { to: [] } }, ['/content/to']],
    ['email', { ...least.email, content: { subject: 'x' } }, ['/content/subject']],
    ['whatsapp', { ...least.whatsapp, content: { whatsapp_x: 1 } }, ['/content/whatsapp_x']],
    ['sms', { ...least.sms, content: [] }, ['/content']],
    ['sms', { ...least.sms, stream: 'sms', streamId: '532' }, ['/streamId']],
    ['sms', { ...least.sms, sendAt: 'tomorrow' }, ['/sendAt']],
    ['sms', { ...least.sms, sendAt: '2026-02-30T08:00:00Z' }, ['/sendAt']],
    ['sms', { ...least.sms, sendAt: new Date(Date.now() + 31 * 86_400_000).toISOString() }, ['/sendAt']],
    ['sms', { ...least.sms, expiresAt: '2020-01-01T00:00:00Z' }, ['/expiresAt']],
    ['sms', { ...least.sms, reference: 'x'.repeat(256) }, ['/reference']],
    ['chat', { ...least.chat, to: 'not@an@address' }, ['/to']],
    ['chat', { ...least.chat, createChildObject: 'true' }, ['/createChildObject']],
    ['email', { ...least.email, attachments: [{ filename: 'a' }] }, ['/attachments/0']],
  ];
  for (const [channel, body, pointers] of cases) {
    const answer = await post(`/v1/${channel}`, body);
    expectProblem(t, answer, { code: 'invalid_request', pointers });
    for (const { message } of faultsOf(answer)) t.match(message, /^(must|is) /);
    t.match(answer.json()['detail'], faultsOf(answer)[0]?.message, 'detail repeats the first');
  }
  t.equal(simulator.counts().calls, 0);
});

t.test('unknown fields are errors, with the field that was probably meant', async (t) => {
  const { post } = await startGateway(t);
  const body = { ...least.sms, Text: 'x', manager: 1, customer: { fistName: 'x' }, ['a/b~c']: 1 };
  const answer = await post('/v1/sms', body);
  expectProblem(t, answer, {
    code: 'invalid_request',
    pointers: ['/customer/fistName', '/Text', '/manager', '/a~1b~0c'],
  });
  t.match(faultsOf(answer)[0]?.message, /did you mean firstName/);
  const proto = await post('/v1/sms', '{"to":"+972544444444","text":"x","__proto__":{"lane":"bulk"}}');
  expectProblem(t, proto, { code: 'invalid_request', pointers: ['/__proto__'] });
});

t.test('at most 20 faults are listed, however many there are', async (t) => {
  const { post } = await startGateway(t);
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`field${index}`, index]));
  t.equal(faultsOf(await post('/v1/sms', { ...least.sms, ...many })).length, 20);
  t.equal(faultsOf(await post('/v1/sms', { ...least.sms, to: Array(900).fill('12') })).length, 20);
  t.equal(faultsOf(await post('/v1/email', { ...least.email, to: Array(900).fill('12') })).length, 20);
  const large = { ...least.sms, content: { list: Array(30).fill(1e300) } };
  t.equal(faultsOf(await post('/v1/sms', large)).length, 20);
});

t.test('nothing is coerced', async (t) => {
  const { post } = await startGateway(t);
  const wrong = { sendToClient: 'true', type: '4', reference: 7, onUnknown: true, customer: [], stream: 532 };
  for (const [field, value] of Object.entries(wrong)) {
    const answer = await post('/v1/sms', { ...least.sms, [field]: value });
    expectProblem(t, answer, { code: 'invalid_request', pointers: [`/${field}`] });
  }
});

t.test('a stream of the wrong type is a fault of the body, whether or not the channel has a default', async (t) => {
  const { post, simulator } = await startGateway(t, { env: { COMMBOX_CHAT_STREAM: '' } });
  const cases: [body: unknown, pointers: string[]][] = [
    [{ ...least.chat, stream: 532 }, ['/stream']],
    [{ ...least.chat, streamId: null, to: 5 }, ['/to', '/streamId']],
    [[], ['']],
    ['"x"', ['']],
  ];
  for (const channel of ['sms', 'chat']) {
    for (const [body, pointers] of cases) {
      expectProblem(t, await post(`/v1/${channel}`, body), { code: 'invalid_request', pointers });
    }
  }
  t.equal(simulator.counts().calls, 0);
});

t.test('a stream that is not there, or not of this channel, is told with what is', async (t) => {
  const { post, simulator } = await startGateway(t, { env: { COMMBOX_CHAT_STREAM: '' } });
  const cases: [string, Body, string][] = [
    ['chat', least.chat, '/stream'],
    ['sms', { ...least.sms, stream: 'marketing' }, '/stream'],
    ['sms', { ...least.sms, stream: 'email' }, '/stream'],
    ['sms', { ...least.sms, streamId: STREAMS.email }, '/streamId'],
  ];
  for (const [channel, body, pointer] of cases) {
    const answer = await post(`/v1/${channel}`, body);
    expectProblem(t, answer, { code: 'stream_not_configured', pointers: [pointer] });
    t.match(answer.json()['detail'], channel === 'sms' ? /available .*: sms/ : /available .*: none/);
  }
  t.equal(simulator.counts().calls, 0);
});
