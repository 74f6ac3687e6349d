import t from 'tap';
import { least, startGateway } from '../support/gateway.ts';
import { expectProblem, faultsOf } from './expect-problem.ts';

type Body = Record<string, unknown>;
type Case = readonly [what: string, channel: keyof typeof least, body: Body, pointers: string[]];

const FAR = '2999-01-01T00:00:00Z';
const PAST = '2020-01-01T00:00:00Z';
const bad64 = { filename: 'a.txt', content: 'no base64!' };
const twoStreams = { stream: 'sms', streamId: '532' };

t.test('one answer names every fault, in whatever step it would be found', async (t) => {
  const { post, simulator } = await startGateway(t);
  const cases: Case[] = [
    [
      'times, beside a field',
      'sms',
      { to: 7, text: 'x', sendAt: FAR, expiresAt: PAST },
      ['/to', '/sendAt', '/expiresAt'],
    ],
    ['times, beside a number', 'sms', { to: '12', text: 'x', sendAt: FAR }, ['/to', '/sendAt']],
    ['a time that is none', 'sms', { ...least.sms, sendAt: 'soon', expiresAt: PAST }, ['/sendAt', '/expiresAt']],
    [
      'base64, beside a field',
      'email',
      { to: 'a@example.com', text: 'x', attachments: [bad64] },
      ['/subject', '/attachments/0/content'],
    ],
    [
      'base64, beside another attachment',
      'email',
      { ...least.email, attachments: [{ content: 'AA==' }, bad64, { filename: 'c', contentType: 'é', content: '=' }] },
      ['/attachments/0/filename', '/attachments/1/content', '/attachments/2/contentType', '/attachments/2/content'],
    ],
    [
      'an attachment with too much, beside one of a wrong type',
      'email',
      {
        ...least.email,
        attachments: [{ filename: 7 }, { filename: 'b', content: 'AA==', url: 'https://b.example' }, { filename: 'c' }],
      },
      ['/attachments/0/filename', '/attachments/1', '/attachments/2'],
    ],
    [
      'base64, beside a time',
      'email',
      { ...least.email, attachments: [bad64], expiresAt: PAST },
      ['/expiresAt', '/attachments/0/content'],
    ],
    ['two streams', 'sms', { to: '12', ...twoStreams, expiresAt: PAST }, ['/streamId', '/text', '/to', '/expiresAt']],
    ['an id that is none', 'sms', { to: '12', text: 'x', streamId: '..' }, ['/streamId', '/to']],
    ['no object at all', 'sms', [] as never, ['']],
  ];
  for (const [what, channel, body, pointers] of cases) {
    const answer = await post(`/v1/${channel}`, body);
    t.test(what, async (t) => void expectProblem(t, answer, { code: 'invalid_request', pointers }));
  }
  const unknown = await post('/v1/sms', { to: '12', text: 'x', stream: 'marketing', sendAt: FAR });
  expectProblem(t, unknown, { code: 'stream_not_configured', pointers: ['/stream', '/to', '/sendAt'] });
  t.match(unknown.json()['detail'], /and 2 more/);
  t.equal(simulator.counts().calls, 0);
});

t.test('while it is open which stream is meant, nothing counts as missing that one of them presets', async (t) => {
  const streams = { mails: { channel: 'email', id: '77', subject: 'Hello', html: '<p>' } };
  const { post } = await startGateway(t, { yaml: JSON.stringify({ streams }) });
  const body = { to: 'nobody', stream: 'mails', streamId: '77' };
  expectProblem(t, await post('/v1/email', body), { code: 'invalid_request', pointers: ['/streamId', '/to'] });
});

t.test('a fault of what the stream presets says so, and is none of a request for another stream', async (t) => {
  const streams = { old: { channel: 'sms', id: '77', expiresAt: PAST } };
  const { post } = await startGateway(t, { yaml: JSON.stringify({ streams }) });
  const preset = await post('/v1/sms', { ...least.sms, stream: 'old' });
  expectProblem(t, preset, { code: 'invalid_request', pointers: ['/expiresAt'] });
  t.match(preset.json()['detail'], /must be later than now and than sendAt \(preset for this stream\)$/);
  const own = await post('/v1/sms', { ...least.sms, stream: 'old', expiresAt: PAST });
  t.match(own.json()['detail'], /than sendAt$/);
  const other = await post('/v1/sms', { ...least.sms, stream: 'new' });
  expectProblem(t, other, { code: 'stream_not_configured', pointers: ['/stream'] });
});

t.test('no more than 20, and each once', async (t) => {
  const { post } = await startGateway(t);
  const attachments = Array(30).fill(bad64);
  const answer = await post('/v1/email', { ...least.email, subject: '', sendAt: FAR, attachments });
  t.equal(faultsOf(answer).length, 20);
  t.match(answer.json()['detail'], /and 19 more/);
});
