import t from 'tap';
import { channels } from '../../src/channels/list.ts';
import { checkRawObject, rawRecipients, rawSendsToClient } from '../../src/channels/raw.ts';
import { parseExact } from '../../src/kernel/exact-json.ts';

t.test("CommBox's own objects pass", async (t) => {
  for (const { examples } of Object.values(channels)) {
    for (const { object } of examples) t.strictSame(checkRawObject(object, '/data'), []);
  }
  const exact = parseExact(
    '{"Message":"x","UserIdentity":9007199254740993,"ManagerId":"-5","StatusId":null,"Any":[1.0]}',
  );
  t.strictSame(checkRawObject(exact, '/data'), []);
});

t.test('only what would certainly fail is refused', async (t) => {
  const pointers = (data: unknown) => checkRawObject(data, '/data').map(({ pointer }) => pointer);
  for (const data of [undefined, null, [], 'x', 5, JSON.rawJSON('1.0')]) t.strictSame(pointers(data), ['/data']);
  t.strictSame(pointers({}), ['/data/Message']);
  for (const Message of ['', 5, null, {}]) t.strictSame(pointers({ Message }), ['/data/Message']);
  const fields = [
    'Type',
    'StatusId',
    'StreamProviderType',
    'UserStreamProviderType',
    'UserIdentity',
    'ManagerId',
    'SubStreamId',
  ];
  for (const field of fields) {
    for (const value of [1.5, '', '1.5', 'open', true, {}, [], JSON.rawJSON('1.0')]) {
      t.strictSame(pointers({ Message: 'x', [field]: value }), [`/data/${field}`], `${field} ${JSON.stringify(value)}`);
    }
  }
  t.strictSame(checkRawObject({ Message: '' }, '')[0]?.pointer, '/Message');
});

t.test('recipients of an object in CommBox form', async (t) => {
  const mail = { Type: 5, StreamProviderType: 4, UserStreamProviderId: 'me@x.com', StreamProviderId: 'thread' };
  const content = { to: [{ address: 'A@x.com' }, 'b@x.com'], cc: [{ address: 'c@x.com' }], bcc: 'd@x.com' };
  const four = ['a@x.com', 'b@x.com', 'c@x.com', 'd@x.com'];
  const cases: [unknown, string[]][] = [
    [{ ...mail, Content: content }, four],
    [{ ...mail, Content: JSON.stringify(content) }, four],
    [{ ...mail, Type: '5', Content: content }, four],
    [mail, ['me@x.com', 'thread']],
    [{ ...mail, Content: { cc: ['c@x.com'] } }, ['c@x.com', 'me@x.com', 'thread']],
    [{ ...mail, StreamProviderType: 5, Content: { to: ['a@x.com'] } }, ['a@x.com', 'me@x.com', 'thread']],
    [{ Type: 4, Content: { to: ['+972-54-444-4444', 972522222222] } }, ['972544444444', '972522222222']],
    [{ UserStreamProviderId: '00972544444444', StreamProviderId: 972522222222 }, ['972544444444', '972522222222']],
    [{ userstreamproviderid: '972544444444', content: { TO: ['972522222222'] } }, ['972522222222', '972544444444']],
    [{ Content: { to: ['972544444444'] }, content: { to: ['972522222222'] } }, ['972544444444', '972522222222']],
    [{ Content: 'not JSON' }, ['(unreadable)']],
    [{ Content: { to: [{ mail: 'a@x.com' }, null, ['a@x.com']] } }, Array(3).fill('(unreadable)')],
    [{ UserStreamProviderId: ['972522222222'], StreamProviderId: {} }, ['(unreadable)', '(unreadable)']],
    [{ Message: 'x', UserStreamProviderId: null, StreamProviderId: '' }, []],
    [null, []],
  ];
  for (const [data, recipients] of cases) t.strictSame(rawRecipients(data), recipients, JSON.stringify(data));
});

t.test('only a true sendToClient lets CommBox answer without an id', async (t) => {
  for (const [value, expected] of [
    [true, true],
    [false, false],
    ['true', false],
    [1, false],
    [undefined, false],
  ] as const) {
    t.equal(rawSendsToClient({ sendToClient: value }), expected);
  }
  t.equal(rawSendsToClient(null), false);
});
