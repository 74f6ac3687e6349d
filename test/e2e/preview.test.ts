import t from 'tap';
import { expectProblem } from '../http/expect-problem.ts';
import { least, STREAMS, startGateway } from '../support/gateway.ts';
import { form } from './form.ts';
import { attachmentCases, plainCases } from './reference-objects.ts';

t.test('a preview answers the object that would be sent, digit for digit, and sends nothing', async (t) => {
  const { post, simulator } = await startGateway(t);
  for (const { name, channel, request, object } of [...plainCases, ...attachmentCases]) {
    const answer = await post(`/v1/${channel}/preview`, request);
    t.match(answer, { status: 200, headers: { 'content-type': /^application\/json/ } });
    t.equal(answer.text, object, name);
  }
  const exact = '{"to":"+972544444444","text":"a","managerId":"9007199254740993","content":{"n":1.10}}';
  t.match(await post('/v1/sms/preview', exact), { text: '"ManagerId":9007199254740993,"Content":{"n":1.10}' });
  t.equal(simulator.counts().calls, 0);
});

t.test('a preview is refused for what a send is refused for', async (t) => {
  const { post, simulator, leftInSpool } = await startGateway(t, {
    env: { RECIPIENT_ALLOWLIST: '@example.com', COMMBOX_CHAT_STREAM: '' },
  });
  const unknown = await post('/v1/sms/preview', { ...least.sms, txt: 'x' });
  expectProblem(t, unknown, { code: 'invalid_request', pointers: ['/txt'] });
  expectProblem(t, await post('/v1/chat/preview', least.chat), { code: 'stream_not_configured' });
  expectProblem(t, await post('/v1/sms/preview', least.sms), { code: 'recipient_not_allowed' });
  expectProblem(t, await post('/v1/sms/preview', least.sms, { authorization: '' }), { code: 'unauthorized' });
  const attachments = [{ filename: 'a.bin', content: 'not base64!' }];
  expectProblem(t, await post('/v1/email/preview', { ...least.email, attachments }), {
    code: 'invalid_request',
    pointers: ['/attachments/0/content'],
  });
  t.same(await leftInSpool(), []);
  t.equal(simulator.counts().calls, 0);
});

t.test('a preview takes files and keeps none', async (t) => {
  const { post, simulator, leftInSpool } = await startGateway(t);
  const { headers, body } = form([
    { fileName: 'a.txt', content: 'file' },
    { name: 'data', content: JSON.stringify(least.email) },
  ]);
  t.match(await post('/v1/email/preview', body, headers), { status: 200, text: '"Message":"hello"' });
  const attachments = [{ filename: 'a.txt', content: 'AAAA' }];
  t.match(await post('/v1/email/preview', { ...least.email, attachments }), { status: 200 });
  t.same(await leftInSpool(), []);
  t.equal(simulator.counts().calls, 0);
  t.equal((await post('/v1/email', least.email)).json()['streamId'], STREAMS.email, 'and a send still works');
});
