import t from 'tap';
import { channelNames } from '../../src/channels/channel.ts';
import { createPreparer } from '../../src/channels/prepare.ts';
import { statusNumbers } from '../../src/channels/status.ts';
import { parseExact } from '../../src/kernel/exact-json.ts';
import { type Body, faultsOf, mapped, objectOf, prepare } from './helper.ts';

t.test('the fields that every channel shares', async (t) => {
  const overrides = { type: 16, streamProviderType: 7, userStreamProviderType: 9 };
  for (const name of channelNames) {
    const object = objectOf(name, {
      ...overrides,
      managerId: 12345,
      subStreamId: -7,
      userIdentity: '42',
      streamProviderId: 'thread-1',
      identity: 'someone@provider',
      status: 'inProcess',
    });
    t.match(object, {
      Type: 16,
      StreamProviderType: 7,
      UserStreamProviderType: 9,
      ManagerId: 12345,
      SubStreamId: -7,
      UserIdentity: 42,
      StreamProviderId: 'thread-1',
      UserStreamProviderId: 'someone@provider',
      StatusId: 8,
      Message: 'hello',
    });
    t.equal(objectOf(name)['StatusId'], 1, 'open by default');
    for (const absent of ['ManagerId', 'SubStreamId', 'UserIdentity', 'User']) {
      t.notOk(absent in mapped(name).object, `${absent} is absent`);
    }
  }
});

t.test('status takes every name of the enum and every number', async (t) => {
  for (const [name, number] of Object.entries(statusNumbers)) {
    t.equal(objectOf('sms', { status: name })['StatusId'], number);
    t.equal(objectOf('sms', { status: number })['StatusId'], number);
  }
  for (const status of ['Open', 'in_process', 12, 0, '1', null]) {
    t.match(faultsOf('sms', { status }), { '/status': /^must be one of: open, resolved, .*, pending, 1, 2, / });
  }
});

t.test('int64 digits reach the object unchanged, as a number', async (t) => {
  for (const digits of ['9223372036854775807', '-9223372036854775808', '9007199254740993', '0', '999999999999999']) {
    for (const field of ['managerId', 'subStreamId', 'userIdentity']) {
      t.match(JSON.stringify(mapped('sms', { [field]: digits }).object), new RegExp(`Id(entity)?":${digits}[,}]`));
    }
  }
  for (const value of ['9223372036854775808', '01', '1.0', '-0', '', ' 1', 1.5, true, null]) {
    t.strictSame(Object.keys(faultsOf('sms', { managerId: value })), ['/managerId'], JSON.stringify(value));
  }
});

t.test('a JSON number beyond 2^53-1 is refused wherever it stands', async (t) => {
  const message = /write it as a string/;
  t.match(faultsOf('chat', { managerId: 2 ** 53 }), { '/managerId': message });
  t.match(faultsOf('chat', { type: 1e20 }), { '/type': message });
  t.match(faultsOf('chat', { content: { a: [{ b: JSON.rawJSON('12345678901234567890') }] } }), {
    '/content/a/0/b': message,
  });
  t.equal(
    JSON.stringify(mapped('chat', { content: { price: JSON.rawJSON('1.10') } }).object['Content']),
    '{"price":1.10}',
  );
});

t.test('unknown fields and wrong types are errors, never coerced', async (t) => {
  const cases: [Body, string][] = [
    [{ txt: 'x' }, '/txt'],
    [{ text: '' }, '/text'],
    [{ text: 5 }, '/text'],
    [{ text: null }, '/text'],
    [{ customer: { nick: 'x' } }, '/customer/nick'],
    [{ customer: 'x' }, '/customer'],
    [{ content: [] }, '/content'],
    [{ content: JSON.rawJSON('1.0') }, '/content'],
    [{ type: '4' }, '/type'],
    [{ type: -1 }, '/type'],
    [{ lane: 'urgent' }, '/lane'],
    [{ onUnknown: 'retry' }, '/onUnknown'],
    [{ sendAt: '2030-01-01' }, '/sendAt'],
    [{ expiresAt: 1700000000 }, '/expiresAt'],
    [{ reference: 'x'.repeat(256) }, '/reference'],
    [{ stream: 'a', streamId: 'b' }, '/streamId'],
    [{ stream: '' }, '/stream'],
  ];
  for (const name of channelNames) {
    for (const [change, pointer] of cases) t.strictSame(Object.keys(faultsOf(name, change)), [pointer]);
    for (const body of [null, [], 'text', 5]) t.match(prepareAny(name, body), { faults: [{ pointer: '' }] });
  }
  t.match(faultsOf('sms', { refrence: 'x' }), { '/refrence': /did you mean reference\?/ });
  t.match(prepare('sms', { lane: 'bulk', reference: 'r', onUnknown: 'resend', sendAt: '2030-01-01T00:00:00Z' }), {
    ok: true,
    request: { lane: 'bulk', reference: 'r', onUnknown: 'resend', sendAt: '2030-01-01T00:00:00Z' },
  });
});

t.test('control characters are refused where a line of text is meant', async (t) => {
  for (const control of ['\u0000', '\n', '\u001f', '\u007f', '\ud800']) {
    for (const field of ['reference', 'identity', 'streamProviderId', 'stream', 'streamId']) {
      t.match(faultsOf('chat', { [field]: `a${control}b` }), {
        [`/${field}`]: 'must not contain control characters or lone surrogates',
      });
    }
    for (const field of ['id', 'firstName', 'lastName', 'phone', 'phone2', 'email']) {
      const pointer = `/customer/${field}`;
      t.strictSame(Object.keys(faultsOf('sms', { customer: { [field]: `1${control}2` } })), [pointer]);
    }
  }
  const text = 'one\n\ttwo\r\nשלום';
  t.match(objectOf('sms', { text, customer: { remarks: text } }), { Message: text, User: { Remarks: text } });
});

t.test("the customer becomes CommBox's User, with CommBox's lengths", async (t) => {
  const customer = {
    id: 'i'.repeat(50),
    firstName: 'f'.repeat(100),
    lastName: 'ל'.repeat(100),
    phone: '+972-54-444-4444',
    phone2: '12345678901234567890',
    email: `${'e'.repeat(243)}@example.com`,
    gender: 'F',
    birthday: '1990-12-31',
    remarks: 'r'.repeat(5000),
  };
  t.strictSame(Object.entries(objectOf('email', { customer })['User'] as object), [
    ['UniqueId', customer.id],
    ['LastName', customer.lastName],
    ['FirstName', customer.firstName],
    ['Phone1', '972544444444'],
    ['Phone2', customer.phone2],
    ['Email', customer.email],
    ['Gender', 'F'],
    ['Birthday', '1990-12-31'],
    ['Remarks', customer.remarks],
  ]);
  const tooMuch: Body = {
    id: 'i'.repeat(51),
    firstName: 'f'.repeat(101),
    lastName: 'l'.repeat(101),
    phone: '123456789012345678901',
    phone2: 'none',
    email: 'e'.repeat(256),
    gender: 'X',
    birthday: '31.12.1990',
    remarks: 5,
  };
  for (const [field, value] of Object.entries(tooMuch)) {
    t.strictSame(Object.keys(faultsOf('email', { customer: { [field]: value } })), [`/customer/${field}`]);
  }
  t.notOk('User' in mapped('email', { customer: {} }).object);
});

t.test('further content follows ours, and reserved members are refused', async (t) => {
  const reserved = {
    email: ['subject', 'to', 'cc', 'bcc', 'attachments', 'Subject'],
    sms: ['to', 'TO'],
    whatsapp: ['to', 'whatsapp_hsm_name', 'whatsapp_anything'],
    chat: ['to'],
  };
  for (const name of channelNames) {
    for (const member of reserved[name]) {
      t.match(faultsOf(name, { content: { [member]: 'x', fine: 1 } }), { [`/content/${member}`]: /is reserved/ });
    }
    const content = objectOf(name, { content: { extra: { deep: [1] } } })['Content'] as Body;
    t.equal(Object.keys(content).at(-1), 'extra');
  }
  t.strictSame(objectOf('sms', { content: { cc: 'x' } })['Content'], { cc: 'x' });
});

t.test("a stream's defaults give way to the body", async (t) => {
  const defaults = { managerId: 1, status: 'sent', text: 'preset', customer: { id: 'a' } };
  t.match(mapped('sms', { managerId: 2 }, undefined, defaults).object, {
    ManagerId: 2,
    StatusId: 13,
    Message: 'hello',
    User: { UniqueId: 'a' },
  });
  const html = { text: undefined, html: '<p>own</p>' };
  t.equal(mapped('email', html, undefined, defaults).object['Message'], '<p>own</p>');
  t.equal(mapped('email', {}, undefined, { html: '<p>preset</p>' }).object['Message'], 'hello');
  t.equal(
    mapped('email', { text: undefined }, undefined, { html: '<p>preset</p>' }).object['Message'],
    '<p>preset</p>',
  );
  t.match(faultsOf('sms', {}, undefined, { managerId: 'x' }), { '/managerId': /./ });
  const hostile = parseExact('{"to":"+972544444444","__proto__":{"text":"x"}}');
  t.match(createPreparer({})('sms', hostile, { managerId: 1 }), {
    ok: false,
    faults: [{ pointer: '/text' }, { pointer: '/__proto__' }],
  });
});

function prepareAny(name: (typeof channelNames)[number], body: unknown) {
  return createPreparer({})(name, body, {});
}
