import t from 'tap';
import { channelNames } from '../../src/channels/channel.ts';
import { channels } from '../../src/channels/list.ts';
import { createPreparer } from '../../src/channels/prepare.ts';
import { type Body, least, prepare } from './helper.ts';

type Change = Parameters<typeof prepare>;

function pointers(...change: Change): string[] {
  const prepared = prepare(...change);
  return prepared.ok ? [] : prepared.faults.map(({ pointer }) => pointer);
}

t.test('one answer names the faults of the schema and those of the mapping', async (t) => {
  const body = { to: '12', txt: 'x' };
  t.match(createPreparer({})('sms', body, {}), {
    ok: false,
    faults: [
      { pointer: '/text', message: 'is required' },
      { pointer: '/txt', message: /did you mean text\?/ },
      { pointer: '/to', message: /^must be a possible phone number/ },
    ],
  });
  const impossible = {
    email: { attachments: [{ filename: 'a' }] },
    sms: { to: '12' },
    whatsapp: { to: ['12'] },
    chat: { to: '@' },
  };
  const at = { email: '/attachments/0', sms: '/to', whatsapp: '/to/0', chat: '/to' };
  for (const name of channelNames) {
    const second = impossible[name];
    t.strictSame(pointers(name, { ...second, managerId: 'x' }), ['/managerId', at[name]]);
    t.strictSame(pointers(name, { ...second, nothing: 1 }), ['/nothing', at[name]]);
    t.strictSame(pointers(name, { ...second, ['n'.repeat(101)]: 1 }), ['', at[name]]);
    t.strictSame(pointers(name, { ...second, lane: 'urgent', text: '' }), ['/text', '/lane', at[name]]);
    t.strictSame(pointers(name, { ...second, status: 12, content: { To: 1 } }), ['/status', '/content/To', at[name]]);
    t.strictSame(pointers(name, { ...second, stream: 'a', streamId: 'b' }), ['/streamId', at[name]]);
    t.strictSame(pointers(name, { ...second, content: { a: 2 ** 53 } }), ['/content/a', at[name]]);
  }
});

t.test('a faulty member is reported for what it is, and never for what stands in for it', async (t) => {
  for (const name of channelNames) {
    for (const member of Object.keys(channels[name].schema.properties)) {
      for (const value of [null, [], {}, JSON.rawJSON('1.0')]) {
        const found = pointers(name, { [member]: value });
        for (const pointer of found)
          t.equal(pointer.split('/')[1], member, `${name} ${member} ${JSON.stringify(value)}`);
      }
    }
    for (const member of Object.keys(least[name])) {
      t.strictSame(pointers(name, { [member]: undefined }), [`/${member}`], `${name} without ${member}`);
    }
    for (const country of ['IL', 'US', 'DE', 'IN'] as const) t.strictSame(pointers(name, { to: 5 }, country), ['/to']);
  }
});

t.test('faults within one customer are all named, whoever finds them', async (t) => {
  for (const name of channelNames) {
    const customer = { phone: 'none', phone2: '1'.repeat(21), gender: 'X', nick: 1, 'a/b': 1, id: 5 };
    const expected = ['id', 'gender', 'nick', 'a~1b', 'phone', 'phone2'].map((member) => `/customer/${member}`);
    t.strictSame(pointers(name, { customer }), expected);
    t.strictSame(pointers(name, { customer: { phone: 'a\nb', phone2: 'none' } }), [
      '/customer/phone',
      '/customer/phone2',
    ]);
    t.strictSame(pointers(name, { customer: 'none', content: { to: 1 } }), ['/customer', '/content/to']);
  }
});

t.test('an e-mail needs exactly one of text and html, whatever else is wrong', async (t) => {
  const cases: [Body, string[]][] = [
    [{ html: '<p></p>', lane: 'x' }, ['/lane', '/html']],
    [{ text: undefined, lane: 'x' }, ['/lane', '/text']],
    [{ text: undefined, subject: '' }, ['/subject', '/text']],
    [{ text: undefined, subject: undefined, to: undefined }, ['/to', '/subject', '/text']],
    [{ text: '', html: '<p></p>' }, ['/text', '/html']],
    [{ text: '', html: '' }, ['/text', '/html']],
    [{ text: undefined, html: '' }, ['/html']],
    [{ text: undefined, html: null }, ['/html']],
    [{ text: '' }, ['/text']],
  ];
  for (const [change, expected] of cases) t.strictSame(pointers('email', change), expected, JSON.stringify(change));
  t.strictSame(
    pointers('email', {
      to: 'nobody',
      html: '<p></p>',
      attachments: [{ filename: 'a' }, { filename: 'b', url: 'https://x.com/b', contentType: 'text/plain' }],
    }),
    ['/to', '/attachments/0', '/attachments/1/contentType', '/html'],
  );
});

t.test('stream and streamId exclude each other, whatever else is wrong', async (t) => {
  for (const name of channelNames) {
    t.strictSame(pointers(name, { stream: '', streamId: 'b' }), ['/stream', '/streamId']);
    t.strictSame(pointers(name, { stream: 'a', streamId: 'b', customer: { phone: '-' } }), [
      '/streamId',
      '/customer/phone',
    ]);
  }
});

t.test('faults come once, in a stable order, and at most 20', async (t) => {
  for (const name of ['sms', 'whatsapp'] as const) {
    const to = Array(1000).fill('12');
    const first = pointers(name, { to, text: '' });
    t.strictSame(first, ['/text', ...Array.from({ length: 19 }, (_, index) => `/to/${index}`)]);
    t.strictSame(pointers(name, { text: '', to }), first);
  }
  t.strictSame(pointers('chat', { content: 2 ** 53, to: '12' }), ['/content', '/to']);
  const unknown = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`field${index}`, 1]));
  t.equal(pointers('chat', { ...unknown, to: '12' }).length, 20);
});

t.test("a stream's defaults are part of what is judged", async (t) => {
  t.strictSame(pointers('sms', { text: 5 }, undefined, { customer: { phone: 'none' } }), ['/text', '/customer/phone']);
  t.strictSame(pointers('email', { text: undefined, lane: 'x' }, undefined, { html: '<p></p>' }), ['/lane']);
});
