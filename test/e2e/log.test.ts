import { randomBytes } from 'node:crypto';
import t from 'tap';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { form } from './form.ts';
import { allowedFields, canaries, email, leaks, sms } from './log-canaries.ts';

async function everyEnd({ post, simulator }: Gateway): Promise<string[]> {
  const description = `${canaries.description} ${canaries.commboxKey}`;
  const answers = [await post('/v1/sms', sms), await post('/v1/email', email)];
  const scripted = [
    { status: 400, description },
    { status: 500, description },
    { reset: 'after' },
    { status: 401 },
  ] as const;
  for (const next of scripted) {
    simulator.control({ next: [next] });
    answers.push(await post('/v1/sms', sms));
  }
  const upload = form([
    { name: 'data', content: JSON.stringify(email) },
    { fileName: canaries.file, content: canaries.content },
  ]);
  answers.push(await post('/v1/email', upload.body, upload.headers));
  const object = { Message: canaries.text, UserStreamProviderId: canaries.phone, User: { LastName: canaries.name } };
  answers.push(await post('/streams/532/objects', { data: object }));
  const wrong = [
    { ...sms, [canaries.unknownField]: canaries.text },
    { ...sms, to: canaries.address, text: 7 },
    { ...sms, streamId: `${canaries.name}\u0000` },
    `{"text":"${canaries.text}", ${canaries.phone} broken`,
  ];
  for (const body of wrong) answers.push(await post('/v1/sms', body));
  answers.push(await post('/v1/sms', sms, { authorization: `Bearer ${canaries.wrongKey}` }));
  answers.push(await post(`/v1/${canaries.name}?to=${canaries.phone}`, sms));
  answers.push(await post(`/streams/${canaries.phone}%zz/objects`, sms));
  return answers.map(({ text, headers }) => text + JSON.stringify(headers));
}

t.test('neither log nor answers tell what a message holds, or a key', async (t) => {
  const gateway = await startGateway(t);
  const answers = await everyEnd(gateway);
  t.strictSame(leaks(gateway.log.text()), []);
  // Its own sender may see what CommBox said, and the field that it mistyped.
  const told = answers.flatMap(leaks).filter((name) => name !== 'description' && name !== 'unknownField');
  t.strictSame(told, []);
  const names = new Set(gateway.log.lines().flatMap((line) => Object.keys(line)));
  t.strictSame(
    [...names].filter((name) => !allowedFields.includes(name)),
    [],
  );
});

t.test('the allow-list of recipients quotes none', async (t) => {
  const { post, log } = await startGateway(t, { env: { RECIPIENT_ALLOWLIST: '@company.example' } });
  for (const answer of [await post('/v1/sms', sms), await post('/v1/email', email)]) {
    t.equal(answer.json()['code'], 'recipient_not_allowed');
    t.strictSame(leaks(answer.text), []);
  }
  t.strictSame(leaks(log.text()), []);
});

t.test('a message sent at its first attempt is one line', async (t) => {
  const { post, log } = await startGateway(t);
  const requestId = randomBytes(8).toString('hex');
  const { id } = (await post('/v1/sms', sms, { 'x-request-id': requestId })).json();
  await post('/streams/532/objects', '{"data":{"Message":"hello"}}', { 'x-request-id': 'drop-in' });
  const line = await log.line({ requestId });
  t.match(line, {
    level: 30,
    msg: 'request',
    method: 'POST',
    route: '/v1/sms',
    status: 201,
    durationMs: Number,
    caller: 'default',
    messageId: id,
    channel: 'sms',
    stream: 'sms',
    lane: 'normal',
    state: 'sent',
    attempts: 1,
  });
  t.match(await log.line({ requestId: 'drop-in' }), {
    route: '/streams/:streamId/objects',
    status: 200,
    state: 'sent',
  });
  t.equal(log.lines({ requestId }).length, 1);
  t.ok(Number(line['durationMs']) > 0, 'it took its time');
  t.equal(log.lines().length, 2);
});

t.test('attempts that failed are told beside the request, and join by their ids', async (t) => {
  const { post, simulator, log } = await startGateway(t);
  simulator.control({ next: [{ status: 429 }, { reset: 'after' }] });
  const { messageId } = (await post('/v1/sms', sms, { 'x-request-id': 'r-1' })).json();
  const request = await log.line({ msg: 'request', requestId: 'r-1' });
  t.match(request, {
    level: 50,
    status: 502,
    code: 'commbox_error',
    outcome: 'unknown',
    attempts: 2,
    state: 'unknown',
  });
  const attempts = log.lines({ msg: 'attempt', messageId });
  t.match(attempts, [
    { attempt: 1, result: 'throttled', upstreamStatus: 429, requestId: 'r-1', account: 'default' },
    { attempt: 2, result: 'unclear', upstreamStatus: null, requestId: 'r-1', errorCode: 'UND_ERR_SOCKET' },
  ]);
  t.equal(log.lines().length, 3);
});
