import type { Test } from 'tap';
import type { Answer, RequestHeaders } from '../../http/call.ts';
import { expectProblem } from '../../http/expect-problem.ts';
import { least } from '../../support/gateway.ts';
import { form } from '../form.ts';
import { asCaller, callersYaml } from './callers.ts';
import { type StoredGateway, type Suite, sms } from './stage.ts';

interface Request {
  readonly path: string;
  readonly body: unknown;
  readonly headers?: RequestHeaders;
}

const key = (value: string) => ({ 'idempotency-key': value });
const file = { fileName: 'a.txt', contentType: 'text/plain', content: 'one' };
const other = { fileName: 'b.txt', contentType: 'text/plain', content: 'two' };
const mail = { name: 'data', content: JSON.stringify(least.email) };
const mailReordered = {
  name: 'data',
  content: JSON.stringify(Object.fromEntries(Object.entries(least.email).reverse())),
};
const inline = (content: string) => ({ ...least.email, attachments: [{ filename: 'a.txt', content }] });
const tooMany = { ...least.email, attachments: Array(11).fill({ filename: 'a.txt', content: 'b25l' }) };
const object = { name: 'data', content: '{"Message": "hi", "Type": 4}' };
const objectReordered = { name: 'data', content: ' {"Type":4,\n"Message":"hi"}' };

/** A request, the same one in other words, and requests that are not the same. */
const kinds: Record<string, readonly [first: Request, same: Request, ...others: Request[]]> = {
  json: [
    { path: '/v1/sms', body: '{"to":"972544444444","text":"hi","managerId":7}' },
    { path: '/v1/sms', body: ' {"managerId" : 7,\n"text":"hi", "to":"972544444444"}' },
    { path: '/v1/sms', body: '{"to":"972544444444","text":"hi","managerId":8}' },
    { path: '/v1/sms', body: '{"to":"972544444444","text":"hi","managerId":"7"}' },
  ],
  multipart: [
    { path: '/v1/email', ...form([mail, file, other]) },
    { path: '/v1/email', ...form([other, mailReordered, file]) },
    { path: '/v1/email', ...form([mail, file]) },
    { path: '/v1/email', ...form([mail, file, { ...other, content: 'TWO' }]) },
    { path: '/v1/email', ...form([mail, file, { ...other, fileName: 'c.txt' }]) },
  ],
  base64: [
    { path: '/v1/email', body: inline('b25l') },
    { path: '/v1/email', body: `${JSON.stringify(inline('b25l'))}\n` },
    { path: '/v1/email', body: inline('dHdv') },
    { path: '/v1/email', body: tooMany },
  ],
  'drop-in json': [
    { path: '/streams/532/objects', body: '{"data":{"Message":"hi","Type":4}}' },
    { path: '/streams/532/objects', body: '{ "data": {"Type":4, "Message":"hi"} }' },
    { path: '/streams/533/objects', body: '{"data":{"Message":"hi","Type":4}}' },
    { path: '/streams/532/objects', body: '{"data":{"Message":"hi","Type":4.0}}' },
  ],
  'drop-in multipart': [
    { path: '/streams/532/objects', ...form([object, file]) },
    { path: '/streams/532/objects', ...form([file, objectReordered]) },
    { path: '/streams/532/objects', ...form([object, { ...file, contentType: 'text/html' }]) },
  ],
};

const send = ({ post }: StoredGateway, { path, body, headers }: Request, value: string) =>
  post(path, body, { ...headers, ...key(value) });

function expectReplay(t: Test, first: Answer, again: Answer, name: string): void {
  t.equal(first.headers['idempotency-replayed'], undefined, name);
  t.equal(again.headers['idempotency-replayed'], 'true', name);
  t.equal(again.status, first.status, name);
  t.equal(again.headers['content-type'], first.headers['content-type'], name);
  t.strictSame(again.bytes, first.bytes, name);
}

/** The same request again gets the same answer and sends nothing; another one with its key is refused. */
export const replays: Suite = (t, start) => {
  t.test('at every door and in every form', async (t) => {
    const gateway = await start(t);
    for (const [name, [first, same, ...others]] of Object.entries(kinds)) {
      const before = gateway.simulator.counts().calls;
      const answer = await send(gateway, first, name);
      t.match(answer.status, /^20[01]$/, name);
      expectReplay(t, answer, await send(gateway, same, name), name);
      for (const request of others) {
        const refused = await send(gateway, request, name);
        t.match(refused, { status: 422 }, name);
        t.match(refused.json(), { code: 'idempotency_mismatch' }, name);
      }
      t.equal(gateway.simulator.counts().calls, before + 1, name);
    }
    t.same(await gateway.leftInSpool(), []);
  });

  t.test("CommBox's own answers come again byte for byte, after a restart too", async (t) => {
    const first = await start(t);
    const request = { path: '/streams/532/objects', body: '{"data":{"Message":"hi"}}' };
    const scripted = [
      { status: 201, contentType: 'text/json; charset=utf-8', body: '{ "data" : {"Id": 9007199254740993} }\n' },
      { status: 400, contentType: 'application/json', body: '{"status":400,"description":"כן"}' },
      { status: 404, contentType: 'text/html', body: '<h1>gone</h1>' },
      { status: 500, contentType: 'text/plain', body: '' },
    ];
    const answers: Answer[] = [];
    for (const [n, next] of scripted.entries()) {
      first.simulator.control({ next: [next] });
      answers.push(await send(first, request, `raw-${n}`));
      t.match(answers[n], { status: next.status, text: next.body, headers: { 'content-type': next.contentType } });
    }
    const second = await start(t, { storage: await first.storage.afterCrash() });
    for (const [n, answer] of answers.entries()) {
      const again = await send(second, request, `raw-${n}`);
      expectReplay(t, answer, again, `raw-${n}`);
      t.equal(again.headers['gateway-message-id'], answer.headers['gateway-message-id']);
      t.equal(again.headers['gateway-outcome'], answer.headers['gateway-outcome']);
    }
    t.equal(second.simulator.counts().calls, 0);
  });

  t.test('a key is one of a caller and a route', async (t) => {
    const { post, simulator } = await start(t, { yaml: callersYaml({ a: '', b: '' }) });
    const bodies = { '/v1/sms': least.sms, '/v1/chat': least.chat };
    const ids = new Set<unknown>();
    for (const [path, body] of Object.entries(bodies)) {
      for (const caller of ['a', 'b']) {
        const answer = await post(path, body, { ...key('k'), ...asCaller(caller) });
        t.match(answer, { status: 201, headers: { 'idempotency-replayed': undefined } });
        ids.add(answer.json()['id']);
      }
    }
    t.equal(ids.size, 4);
    t.equal(simulator.counts().calls, 4);
  });

  t.test("a repeat is answered by its caller's rights of then, at every door", async (t) => {
    const first = await start(t, { yaml: callersYaml({ a: '' }) });
    const doors = { '/v1/sms': least.sms, '/streams/532/objects': { data: { Message: 'hi' } } };
    const headers = { ...key('k'), ...asCaller('a') };
    const answers: [path: string, body: object, answer: Answer][] = [];
    for (const [path, body] of Object.entries(doors)) answers.push([path, body, await first.post(path, body, headers)]);
    await first.close();
    const mailOnly = callersYaml({ a: 'channels: [email]' });
    const second = await start(t, { yaml: mailOnly, storage: first.storage });
    for (const [path, body, answer] of answers) {
      expectReplay(t, answer, await second.post(path, body, headers), path);
      t.match(await second.post(path, { ...body, more: 1 }, headers), { status: 422 }, path);
      t.match(await second.post(path, body, { ...headers, ...key('new') }), { status: 403 }, path);
      t.match(await second.post(path, body, asCaller('a')), { status: 403 }, path);
    }
    t.equal(second.simulator.counts().calls, 0);
  });

  t.test('a key may be quoted, and must be 1 to 255 printable characters', async (t) => {
    const { post, simulator } = await start(t);
    const longest = 'k'.repeat(255);
    await post('/v1/sms', least.sms, key(longest));
    t.match(await post('/v1/sms', least.sms, key(`"${longest}"`)), { headers: { 'idempotency-replayed': 'true' } });
    for (const wrong of [`${longest}k`, '', '""', '"open', 'é']) {
      expectProblem(t, await post('/v1/sms', least.sms, key(wrong)), { code: 'invalid_request' });
    }
    t.equal(simulator.counts().calls, 1);
  });

  t.test('a key is forgotten after its time', async (t) => {
    const { post, clock, simulator } = await start(t, { env: { IDEMPOTENCY_HOURS: '2' } });
    const first = await post('/v1/sms', least.sms, key('k'));
    clock.jump(2 * 3_600_000 - 60_000);
    expectReplay(t, first, await post('/v1/sms', least.sms, key('k')), 'a minute before');
    clock.jump(120_000);
    const other = await post('/v1/sms', sms('another text'), key('k'));
    t.match(other, { status: 201, headers: { 'idempotency-replayed': undefined } });
    t.equal(simulator.counts().calls, 2);
  });
};
