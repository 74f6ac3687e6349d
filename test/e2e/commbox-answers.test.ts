import t from 'tap';
import type { ErrorCode } from '../../src/kernel/errors.ts';
import type { ControlPatch } from '../../src/simulator/control.ts';
import { expectProblem } from '../http/expect-problem.ts';
import { least, startGateway } from '../support/gateway.ts';
import { startOddUpstream } from './odd-upstream.ts';

type Scripted = NonNullable<ControlPatch['next']>[number];
type Refusal = [name: string, scripted: Scripted, code: ErrorCode, status: number, description?: string];

const html = { contentType: 'text/html', body: '<html><h1>Bad gateway</h1></html>' };
const refusals: Refusal[] = [
  ['400', { status: 400, description: 'Message is too long' }, 'commbox_rejected', 400, 'Message is too long'],
  ['405', { status: 405, description: 'x' }, 'commbox_rejected', 405, 'x'],
  ['422 without JSON', { status: 422, ...html }, 'commbox_rejected', 422],
  ['404', { status: 404, description: 'no stream' }, 'commbox_stream_not_found', 404, 'no stream'],
  ['404 as HTML', { status: 404, ...html }, 'commbox_stream_not_found', 404],
  ['401', { status: 401, description: 'no' }, 'commbox_unauthorized', 401, 'no'],
  ['403', { status: 403, description: 'no' }, 'commbox_unauthorized', 403, 'no'],
  ['500', { status: 500, description: 'Operation failed' }, 'commbox_error', 500, 'Operation failed'],
  ['501', { status: 501, description: 'x' }, 'commbox_error', 501, 'x'],
  ['502 as HTML', { status: 502, ...html }, 'commbox_error', 502],
  ['503 empty', { status: 503, body: '' }, 'commbox_error', 503],
  ['408', { status: 408, description: 'slow' }, 'commbox_error', 408, 'slow'],
  ['302', { status: 302, headers: { Location: '/elsewhere' }, description: 'Found' }, 'commbox_error', 302, 'Found'],
  ['304', { status: 304 }, 'commbox_error', 304],
  ['envelope 400 in a 200', { envelopeStatus: 400, description: 'bad' }, 'commbox_rejected', 400, 'bad'],
  ['envelope "400"', { envelopeStatus: '400', description: 'bad' }, 'commbox_rejected', 400, 'bad'],
  ['envelope "404"', { envelopeStatus: '404', description: 'x' }, 'commbox_stream_not_found', 404, 'x'],
  ['envelope 401', { envelopeStatus: 401, description: 'x' }, 'commbox_unauthorized', 401, 'x'],
  ['envelope 500', { envelopeStatus: 500, description: 'x' }, 'commbox_error', 500, 'x'],
  ['envelope "302"', { envelopeStatus: '302', description: 'x' }, 'commbox_error', 302, 'x'],
  ['envelope 200 in a 500', { status: 500, envelopeStatus: 200, description: 'x' }, 'commbox_error', 500, 'x'],
  ['no id', { noId: true, description: 'OK' }, 'commbox_error', 200, 'OK'],
  ['an HTML page', html, 'commbox_error', 200],
  ['nothing', { body: '' }, 'commbox_error', 200],
  ['204', { status: 204 }, 'commbox_error', 204],
  ['a list', { body: '[{"data":{"id":1}}]' }, 'commbox_error', 200],
  ['null', { body: 'null' }, 'commbox_error', 200],
  ['broken JSON', { body: '{"status":200,"data":{"id":7}' }, 'commbox_error', 200],
  ['id 0', { body: '{"data":{"id":0}}' }, 'commbox_error', 200],
  ['id -5', { body: '{"data":{"id":-5}}' }, 'commbox_error', 200],
  ['a broken number as id', { body: '{"data":{"id":1.5}}' }, 'commbox_error', 200],
  ['a text as id', { body: '{"data":{"id":"seven"}}' }, 'commbox_error', 200],
  ['an id elsewhere', { body: '{"id":7,"data":[{"id":7}]}' }, 'commbox_error', 200],
];

t.test('every refusal and every unclear answer has its code, its outcome and one call', async (t) => {
  const { post, simulator } = await startGateway(t);
  for (const [name, scripted, code, status, description = null] of refusals) {
    await t.test(name, async (t) => {
      simulator.clear();
      simulator.control({ next: [scripted] });
      const answer = await post('/v1/sms', least.sms);
      const body = expectProblem(t, answer, { code, upstream: { status, description } });
      t.match(body['messageId'], /^msg_/);
      t.equal(simulator.counts().calls, 1);
    });
  }
});

t.test('answers that mean sent, however they are written', async (t) => {
  const { post, simulator } = await startGateway(t);
  const cases: [Scripted, string][] = [
    [{ body: '{"status":200,"data":{"id":294159}}' }, '294159'],
    [{ body: ' {"status":"200","data":{"Id":"9007199254740993"}}\n' }, '9007199254740993'],
    [{ body: '{"data":{"id":9007199254740993}}', contentType: 'text/html' }, '9007199254740993'],
    [{ status: 201, body: '{"status":"oops","data":{"id":1}}' }, '1'],
    [{ status: 202, body: '{"status":null,"data":{"id":null,"Id":2}}' }, '2'],
  ];
  for (const [scripted, objectId] of cases) {
    simulator.control({ next: [scripted] });
    const answer = await post('/v1/sms', least.sms);
    t.equal(answer.status, 201);
    t.strictSame(answer.json()['objectId'], objectId);
  }
});

t.test('sendToClient owes no id: sent, with objectId null', async (t) => {
  const { post, simulator } = await startGateway(t, { simulator: { sendToClientId: false } });
  const list = { ...least.sms, to: ['+972544444444', '+972522222222'] };
  t.match(await post('/v1/sms', list), { status: 201, text: '"objectId":null' });
  t.match(await post('/v1/sms', { ...least.sms, sendToClient: true }), { status: 201, text: '"objectId":null' });
  simulator.control({ next: [{ body: '<html>', contentType: 'text/html' }] });
  expectProblem(t, await post('/v1/sms', list), { code: 'commbox_error' });
});

t.test('a huge answer is cut off and costs no memory', async (t) => {
  const { post, simulator } = await startGateway(t);
  const before = process.memoryUsage().rss;
  simulator.control({ next: [{ bodyBytes: 100_000_000 }, { status: 400, bodyBytes: 100_000_000 }] });
  const unclear = { code: 'commbox_error', upstream: { status: 200, description: null } } as const;
  expectProblem(t, await post('/v1/sms', least.sms), unclear);
  const rejected = { code: 'commbox_rejected', upstream: { status: 400, description: null } } as const;
  expectProblem(t, await post('/v1/sms', least.sms), rejected);
  t.ok(process.memoryUsage().rss - before < 80_000_000, 'far less than was sent');
});

t.test('bytes that are no text, and a long description, are dealt with', async (t) => {
  const answers = [
    Buffer.from('{"status":200,"description":"\xff","data":{"id":7}}', 'latin1'),
    Buffer.from(JSON.stringify({ status: 400, description: `line\r\n${'x'.repeat(10_000)}` })),
  ];
  const url = await startOddUpstream(t, (_, response) => void response.end(answers.shift()));
  const { post } = await startGateway(t, { env: { COMMBOX_API_URL: url } });
  const unclear = { code: 'commbox_error', upstream: { status: 200, description: null } } as const;
  expectProblem(t, await post('/v1/sms', least.sms), unclear);
  const body = expectProblem(t, await post('/v1/sms', least.sms), { code: 'commbox_rejected' });
  t.match(body['upstream'], { status: 400, description: /^line x{100,500}$/ });
});
