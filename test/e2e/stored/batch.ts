import { expectProblem } from '../../http/expect-problem.ts';
import { least } from '../../support/gateway.ts';
import { sha256 } from '../form.ts';
import { type Suite, sms, textsAt } from './stage.ts';

interface Result {
  readonly id?: string;
  readonly status?: string;
  readonly problem?: Readonly<Record<string, unknown>>;
}

const resultsOf = (body: Record<string, unknown>) => body['results'] as Result[];
const item = (text: string, more: object = {}) => ({ channel: 'sms', ...sms(text), ...more });
const key = (value: string) => ({ 'idempotency-key': value });

/** Many messages in one request. */
export const batch: Suite = (t, start) => {
  t.test('a thousand in order; the bad ones are told apart and hold up nothing', async (t) => {
    const { post, reaches, simulator } = await start(t);
    const bad = new Map<number, [item: unknown, code: string, pointer: string | null]>([
      [0, [{ channel: 'sms', text: 'no recipient' }, 'invalid_request', '/to']],
      [17, [{ channel: 'fax', text: 'x' }, 'invalid_request', '/channel']],
      [18, ['text', 'invalid_request', '']],
      [500, [item('x', { stream: 'unheard-of' }), 'stream_not_configured', null]],
      [999, [item('x', { idempotencyKey: '' }), 'invalid_request', '/idempotencyKey']],
    ]);
    const messages = Array.from({ length: 1000 }, (_, n) => bad.get(n)?.[0] ?? item(`message ${n}`));
    const answer = await post('/v1/messages', { messages });
    t.equal(answer.status, 202);
    const results = resultsOf(answer.json());
    t.equal(results.length, 1000);
    const wrong = results.flatMap(({ problem }, n) => (problem === undefined ? [] : [n]));
    t.strictSame(wrong, [...bad.keys()]);
    for (const [n, [, code, pointer]] of bad) {
      t.match(results[n]?.problem, { code, outcome: 'not_sent', ...(pointer !== null && { errors: [{ pointer }] }) });
    }
    const good = results.filter(({ id }) => id !== undefined);
    t.ok(good.every(({ status }) => status === 'queued'));
    t.equal(new Set(good.map(({ id }) => id)).size, 995);
    await simulator.waitFor(995, 'recorded');
    const last = await reaches(good.at(-1)?.id ?? '', 'sent');
    t.equal(
      last['objectId'],
      simulator.received().find(({ object }) => (object as { Message: string }).Message === 'message 998')?.objectId,
    );
    t.equal(new Set(textsAt(simulator)).size, 995);
  });

  t.test('every fault of an item is named, that of its key too', async (t) => {
    const { post } = await start(t);
    const messages = [
      item('x', { to: '12', idempotencyKey: '' }),
      { channel: 'fax', idempotencyKey: 7 },
      item('x', { idempotencyKey: 'é' }),
    ];
    const results = resultsOf((await post('/v1/messages', { messages })).json());
    const faults = results.map(({ problem }) => (problem as { errors: { pointer: string; message: string }[] }).errors);
    t.match(faults, [
      [{ pointer: '/idempotencyKey', message: /^must be one key of 1 to 255/ }, { pointer: '/to' }],
      [{ pointer: '/channel' }, { pointer: '/idempotencyKey', message: 'must be a string' }],
      [{ pointer: '/idempotencyKey' }],
    ]);
  });

  t.test('all kinds at once, attachments too', async (t) => {
    const { post, reaches, simulator, leftInSpool } = await start(t);
    const attachments = [
      { filename: 'a.txt', contentType: 'text/plain', content: Buffer.from('one').toString('base64') },
    ];
    const messages = [
      { channel: 'email', ...least.email, attachments },
      { channel: 'whatsapp', ...least.whatsapp },
      { channel: 'chat', ...least.chat, lane: 'bulk' },
    ];
    const results = resultsOf((await post('/v1/messages', { messages })).json());
    for (const [n, { id = '' }] of results.entries()) {
      t.match(await reaches(id, 'sent'), { channel: messages[n]?.channel });
    }
    const files = simulator.received().flatMap((call) => call.files);
    t.match(files, [{ name: 'a.txt', contentType: 'text/plain', sha256: sha256('one') }]);
    t.same(await leftInSpool(), []);
  });

  t.test('the attachments of an item that repeats another are not kept', async (t) => {
    const { post, reaches, leftInSpool } = await start(t);
    const attachments = [{ filename: 'a.txt', content: Buffer.from('one').toString('base64') }];
    const mail = { channel: 'email', ...least.email, attachments, idempotencyKey: 'k' };
    const twins = resultsOf((await post('/v1/messages', { messages: [mail, mail] })).json());
    t.equal(twins[1]?.id, twins[0]?.id);
    await reaches(twins[0]?.id ?? '', 'sent');
    const again = resultsOf((await post('/v1/messages', { messages: [mail] })).json());
    t.strictSame(again, [{ id: twins[0]?.id, status: 'sent' }]);
    t.same(await leftInSpool(), []);
  });

  t.test('of a batch that is not accepted no attachment is kept', async (t) => {
    const { post, leftInSpool, simulator } = await start(t);
    const attachments = [{ filename: 'a.txt', content: Buffer.from('one').toString('base64') }];
    const mail = { channel: 'email', ...least.email, attachments };
    await post('/v1/messages', { messages: [item('one')] }, key('k'));
    const refused = await post('/v1/messages', { messages: [mail, mail] }, key('k'));
    expectProblem(t, refused, { code: 'idempotency_mismatch' });
    t.same(await leftInSpool(), []);
    await simulator.waitFor(1, 'recorded');
    t.strictSame(textsAt(simulator), ['one']);
  });

  t.test('a request that is no batch is refused whole', async (t) => {
    const { post, simulator } = await start(t);
    const bodies = [{ messages: [] }, { messages: Array(1001).fill(item('x')) }, {}, { messages: {} }, []];
    for (const body of bodies) expectProblem(t, await post('/v1/messages', body), { code: 'invalid_request' });
    expectProblem(t, await post('/v1/messages', { messages: [item('x')], more: 1 }), {
      code: 'invalid_request',
      pointers: ['/more'],
    });
    t.equal(simulator.counts().calls, 0);
  });

  t.test('a header key covers the whole batch', async (t) => {
    const { post, simulator } = await start(t);
    const body = { messages: [item('one'), { channel: 'fax' }, item('two')] };
    const first = await post('/v1/messages', body, key('k'));
    t.match(first, { status: 202, headers: { 'idempotency-replayed': undefined } });
    await simulator.waitFor(2, 'recorded');
    const again = await post('/v1/messages', `\n${JSON.stringify(body)}`, key('k'));
    t.match(again, { status: 202, text: first.text, headers: { 'idempotency-replayed': 'true' } });
    expectProblem(t, await post('/v1/messages', { messages: [item('one')] }, key('k')), {
      code: 'idempotency_mismatch',
    });
    expectProblem(t, await post('/v1/messages', { messages: [], more: 1 }, key('k')), { code: 'idempotency_mismatch' });
    const both = await Promise.all([post('/v1/messages', body, key('j')), post('/v1/messages', body, key('j'))]);
    t.equal(both[0]?.text, both[1]?.text);
    await simulator.waitFor(4, 'recorded');
    t.equal(simulator.counts().calls, 4);
  });

  t.test('a thousand items with keys, again: each gives its message and what became of it', async (t) => {
    const { post, reaches, simulator } = await start(t);
    const keyed = Array.from({ length: 1000 }, (_, n) => item(`message ${n}`, { idempotencyKey: `k-${n}` }));
    const first = resultsOf((await post('/v1/messages', { messages: keyed })).json());
    await simulator.waitFor(1000, 'recorded');
    for (const { id = '' } of first.slice(-50)) await reaches(id, 'sent');
    const changed = keyed.with(7, item('another text', { idempotencyKey: 'k-7' }));
    const again = resultsOf((await post('/v1/messages', { messages: changed })).json());
    t.match(again[7], { problem: { code: 'idempotency_mismatch' } });
    t.strictSame(
      again.toSpliced(7, 1).map(({ id }) => id),
      first.toSpliced(7, 1).map(({ id }) => id),
    );
    t.ok(again.slice(8).every(({ status }) => status === 'sent'));
    t.equal(simulator.counts().calls, 1000);
  });

  t.test('another message under a known key is a mismatch, whatever else is wrong with it', async (t) => {
    const { post, simulator } = await start(t);
    await post('/v1/messages', { messages: [item('one', { idempotencyKey: 'k' })] });
    await simulator.waitFor(1, 'recorded');
    const wrong = { messages: [item('', { idempotencyKey: 'k' }), item('', { idempotencyKey: 'new' })] };
    const [mismatch, invalid] = resultsOf((await post('/v1/messages', wrong)).json());
    t.match(mismatch, { problem: { code: 'idempotency_mismatch', status: 422 } });
    t.match(invalid, { problem: { code: 'invalid_request', errors: [{ pointer: '/text' }] } });
  });

  t.test("an item's key is one of its channel's own route", async (t) => {
    const { post, reaches, simulator } = await start(t);
    const single = await post('/v1/sms', sms('one', { content: { n: 1.5 } }), key('k-1'));
    const { id } = single.json();
    const content = { n: 1.5 };
    const messages = [
      item('one', { content, idempotencyKey: 'k-1' }),
      item('other', { idempotencyKey: 'k-1' }),
      item('two', { idempotencyKey: 'k-2' }),
      item('two', { idempotencyKey: 'k-2' }),
    ];
    const results = resultsOf((await post('/v1/messages', { messages })).json());
    t.strictSame(results[0], { id, status: 'sent' });
    t.match(results[1], { problem: { code: 'idempotency_mismatch', status: 422 } });
    t.equal(results[3]?.id, results[2]?.id);
    await reaches(results[2]?.id ?? '', 'sent');
    const later = await post('/v1/sms', sms('two'), key('k-2'));
    t.match(later, { status: 201, headers: { 'idempotency-replayed': 'true' } });
    t.strictSame(textsAt(simulator), ['one', 'two']);
  });
};
