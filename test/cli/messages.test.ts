import t, { type Test } from 'tap';
import { type Gateway, least, startGateway } from '../support/gateway.ts';
import { CANARY, type CliOptions, columnsOf, runCli } from './run-cli.ts';

const KEY = `${CANARY}-key-of-the-one-caller`;
const HEADS = ['ID', 'STATUS', 'CHANNEL', 'STREAM', 'CALLER', 'LANE', 'CREATED', 'ATTEMPTS', 'WHY'];
/** Beyond 2^53, where a number would lose its last digit. */
const OBJECT_ID = 9_007_199_254_740_993n;

t.test('list: an aligned table, newest first, with the reason of what did not go', async (t) => {
  const { gateway, cli } = await start(t);
  const sent = await send(gateway, 'email', {});
  const later = await send(gateway, 'sms', { sendAt: inAnHour() });
  const unknown = await sendUnknown(gateway);
  const { code, stdout, stderr } = await cli(['list']);
  t.equal(code, 0);
  t.equal(stderr, '');
  const [head, ...rows] = columnsOf(t, stdout.trimEnd().split('\n'), HEADS);
  t.strictSame(head, HEADS);
  const created = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
  t.match(rows, [
    [unknown, 'unknown', 'sms', 'sms', 'default', 'normal', created, '1', 'commbox_error'],
    [later, 'queued', 'sms', 'sms', 'default', 'normal', created, '0', 'schedule'],
    [sent, 'sent', 'email', 'email', 'default', 'normal', created, '1', '-'],
  ]);
  t.notMatch(stdout, / \n/, 'no line ends in a space');
});

t.test('list: filters, pages, and --all to the end of them', async (t) => {
  const { gateway, cli } = await start(t);
  const ids = [];
  for (const reference of ['a', 'b', 'b']) ids.unshift(await send(gateway, 'sms', { reference }));
  const idsOf = ({ stdout }: { stdout: string }) => stdout.match(/msg_\w+/g) ?? [];

  t.strictSame(
    idsOf(await cli(['list', '--reference', 'b', '--status', 'sent,failed', '--channel', 'sms'])),
    ids.slice(0, 2),
  );
  t.strictSame(idsOf(await cli(['list', '--from', inAnHour()])), []);
  const none = await cli(['list', '--reference', 'c']);
  t.strictSame([none.code, none.stdout, none.stderr], [0, '', 'No message matches.\n']);

  const first = await cli(['list', '--limit', '2']);
  t.strictSame(idsOf(first), ids.slice(0, 2));
  const cursor = /--cursor (\S+),/.exec(first.stderr)?.[1] ?? '';
  t.strictSame(idsOf(await cli(['list', '--cursor', cursor])), ids.slice(2));

  const all = await cli(['list', '--limit', '1', '--all']);
  t.strictSame(idsOf(all), ids);
  t.equal(all.stderr, '');
  t.equal(all.stdout.match(/ATTEMPTS/g)?.length, 1, 'one head for all pages');
  columnsOf(t, all.stdout.trimEnd().split('\n'), HEADS);
  const lines = (await cli(['list', '--limit', '1', '--all', '--json'])).stdout.trimEnd().split('\n');
  t.strictSame(
    lines.map((line) => (JSON.parse(line) as { messages: { id: string }[] }).messages[0]?.id),
    ids,
  );
});

t.test('--json is the answer as it came, and ids keep all their digits', async (t) => {
  const { gateway, cli } = await start(t);
  const id = await send(gateway, 'sms', {});
  t.match((await gateway.get(`/v1/messages/${id}`)).text, `"objectId":"${OBJECT_ID}"`);
  t.equal((await cli(['show', id, '--json'])).stdout, `${(await gateway.get(`/v1/messages/${id}`)).text}\n`);
  t.equal((await cli(['list', '--json'])).stdout, `${(await gateway.get('/v1/messages')).text}\n`);
  t.match((await cli(['show', id])).stdout, new RegExp(`^objectId +${OBJECT_ID}$`, 'm'));
});

t.test('show: what is known, then each attempt', async (t) => {
  const { gateway, cli } = await start(t);
  const id = await sendUnknown(gateway, { reference: 'order-4711' });
  const { code, stdout } = await cli(['show', id]);
  t.equal(code, 0);
  const [members = '', attempts = ''] = stdout.split('\n\n');
  t.match(members, new RegExp(`^id +${id}\nstatus +unknown\n`));
  t.match(members, /^reference +order-4711$/m);
  t.match(members, /^code +commbox_error$/m);
  t.notMatch(members, /null|undefined|\[object/);
  const [, row] = columnsOf(t, attempts.trimEnd().split('\n'), ['ATTEMPT', 'AT ', 'TOOK', 'OUTCOME', 'COMMBOX SAID']);
  t.match(row, ['1', /Z$/, /^\d+ ms$/, 'unclear', '500']);
});

t.test('cancel: one, which works once; many, only with --yes', async (t) => {
  const { gateway, cli } = await start(t);
  const [one = '', two = '', three = ''] = await Promise.all(
    ['x', 'y', 'y'].map((reference) => send(gateway, 'sms', { reference, sendAt: inAnHour() })),
  );
  t.equal((await cli(['cancel', one])).stdout, `${one} canceled\n`);
  const again = await cli(['cancel', one]);
  t.equal(again.code, 1);
  t.match(again.stderr, /^The state of the message does not allow this: Only a queued message can be canceled\.\n/);

  const unsure = await cli(['cancel', '--reference', 'y']);
  t.equal(unsure.code, 2);
  t.match(unsure.stderr, /needs --yes\n\nUsage: commbox-gateway messages cancel /);
  t.equal((await cli(['cancel', '--yes'])).code, 2, 'everything at once has to be said');
  t.equal((await cli(['cancel', '--all'])).code, 2);
  t.equal((await cli(['cancel', '--all', '--reference', 'y', '--yes'])).code, 2);
  t.equal((await cli(['cancel', two, '--reference', 'y', '--yes'])).code, 2);
  t.match((await gateway.get(`/v1/messages/${three}`)).json(), { status: 'queued' });

  t.equal((await cli(['cancel', '--reference', 'y', '--yes'])).stdout, '2 messages canceled\n');
  t.equal((await cli(['cancel', '--reference', 'y', '--yes', '--json'])).stdout, '{"canceled":0}\n');
  await send(gateway, 'sms', { sendAt: inAnHour() });
  t.equal((await cli(['cancel', '--all', '--yes'])).stdout, '1 message canceled\n');
});

t.test('resend, reconcile and resolve say what became of the message', async (t) => {
  const { gateway, cli } = await start(t);
  const lost = await sendUnknown(gateway);
  const none = await cli(['reconcile', lost]);
  t.strictSame([none.code, none.stdout], [0, `${lost} unknown: CommBox shows no such object\n`]);
  t.equal((await cli(['resolve', lost, '--as', 'failed'])).stdout, `${lost} failed\n`);
  const again = await cli(['resend', lost]);
  t.equal(again.code, 0);
  t.match(again.stdout, new RegExp(`^msg_\\w+ (queued|sending|sent), in place of ${lost}\n$`));

  const arrived = await sendUnknown(gateway, { text: 'only once' }, true);
  t.match(
    (await cli(['reconcile', arrived])).stdout,
    new RegExp(`^${arrived} sent: found as object ${OBJECT_ID / 1000n}`),
  );
  const settled = await cli(['resolve', arrived, '--as', 'sent', '--json']);
  t.equal(settled.code, 1);
  t.match(JSON.parse(settled.stdout), { code: 'conflict', messageId: arrived }, 'a problem stays JSON too');
});

t.test('a problem is told with its fields and the request that the log knows', async (t) => {
  const { cli } = await start(t);
  const { code, stdout, stderr } = await cli(['list', '--status', 'lost']);
  t.equal(code, 1);
  t.equal(stdout, '');
  t.match(stderr, /^The request is invalid: \/status: must be one or more of: queued, .*\n {2}\/status: must be /);
  t.match(stderr, /\n {2}in the gateway's log as request [\w-]+\n$/);
  const gone = await cli(['show', `msg_${'0'.repeat(26)}`]);
  t.equal(gone.code, 1);
  t.match(gone.stderr, /^Not found: /);
});

async function start(t: Test): Promise<{ gateway: Gateway; cli(args: readonly string[]): ReturnType<typeof runCli> }> {
  const simulator = { firstObjectId: OBJECT_ID };
  const plain = await startGateway(t, { env: { GATEWAY_API_KEY: KEY }, simulator });
  const authorization = `Bearer ${KEY}`;
  const gateway: Gateway = {
    ...plain,
    get: (path) => plain.get(path, { authorization }),
    post: (path, body, headers = {}) => plain.post(path, body, { authorization, ...headers }),
  };
  const options: CliOptions = { env: { GATEWAY_API_KEY: KEY, PORT: String(gateway.port) } };
  return { gateway, cli: (args) => runCli(t, ['messages', ...args], options) };
}

async function send(gateway: Gateway, channel: 'email' | 'sms', fields: object): Promise<string> {
  const answer = (await gateway.post(`/v1/${channel}`, { ...least[channel], ...fields })).json();
  return String(answer['id'] ?? answer['messageId']);
}

/** A message after whose sending CommBox failed, with or without having kept the object. */
function sendUnknown(gateway: Gateway, fields: object = {}, record = false): Promise<string> {
  gateway.simulator.control({ next: [{ status: 500, record }] });
  return send(gateway, 'sms', fields);
}

function inAnHour(): string {
  return new Date(Date.now() + 3_600_000).toISOString();
}
