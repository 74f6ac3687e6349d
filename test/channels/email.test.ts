import t from 'tap';
import { faultsOf, mapped, objectOf } from './helper.ts';

t.test('addresses in all their forms', async (t) => {
  t.match(objectOf('email'), { Type: 5, StreamProviderType: 4, UserStreamProviderType: 4 });
  const forms: [unknown, unknown][] = [
    ['Jane@Example.com', [{ address: 'Jane@Example.com' }]],
    [{ email: 'a@x.com' }, [{ address: 'a@x.com' }]],
    [{ email: 'a@x.com', name: 'שרה כהן' }, [{ address: 'a@x.com', name: 'שרה כהן' }]],
    [
      ['a@x.com', { email: 'b@x.com', name: 'B' }],
      [{ address: 'a@x.com' }, { address: 'b@x.com', name: 'B' }],
    ],
  ];
  for (const [given, sent] of forms) {
    t.strictSame(objectOf('email', { to: given, cc: given, bcc: given })['Content'], {
      subject: 'Hi',
      to: sent,
      cc: sent,
      bcc: sent,
    });
  }
  t.strictSame(objectOf('email', { cc: [], bcc: [] })['Content'], {
    subject: 'Hi',
    to: [{ address: 'a@example.com' }],
  });
});

t.test('wrong addresses are named where they stand', async (t) => {
  t.match(faultsOf('email', { to: ['a@x.com', { email: 'nobody' }] }), { '/to/1/email': /e-mail address/ });
  t.match(faultsOf('email', { cc: { name: 'x' } }), { '/cc/email': 'is required' });
  t.match(faultsOf('email', { bcc: ['x'] }), { '/bcc/0': /e-mail address/ });
  t.match(faultsOf('email', { from: 'me' }), { '/from': /e-mail address/ });
  t.match(faultsOf('email', { to: { email: 'a@x.com', name: 'a\r\nBcc: b@x.com' } }), { '/to/name': /control/ });
  t.match(faultsOf('email', { to: 'a@x.com\n' }), { '/to': /e-mail address/ });
  t.match(faultsOf('email', { to: [] }), { '/to': 'must not be an empty list' });
  const many = (count: number) => Array(count).fill('a@x.com');
  t.strictSame(faultsOf('email', { to: many(1000), cc: many(100), bcc: many(100) }), {});
  t.strictSame(Object.keys(faultsOf('email', { to: many(1001), cc: many(101), bcc: many(101) })), [
    '/to',
    '/cc',
    '/bcc',
  ]);
});

t.test('exactly one of text and html, and a subject of one line', async (t) => {
  t.equal(objectOf('email', { text: undefined, html: '<p>\n</p>' })['Message'], '<p>\n</p>');
  t.strictSame(Object.keys(faultsOf('email', { html: '<p></p>' })), ['/html']);
  t.match(faultsOf('email', { text: undefined }), { '/text': /^is required/ });
  t.match(faultsOf('email', { subject: undefined }), { '/subject': 'is required' });
  t.match(faultsOf('email', { subject: '' }), { '/subject': 'must not be empty' });
  t.match(faultsOf('email', { subject: 'a\r\nBcc: x@y.z' }), { '/subject': /control/ });
});

t.test("the customer's identity: identity, else from, else the first recipient", async (t) => {
  const id = (change: Record<string, unknown>) => objectOf('email', change)['UserStreamProviderId'];
  t.equal(id({ to: [{ email: 'first@x.com' }, 'b@x.com'] }), 'first@x.com');
  t.equal(id({ from: 'me@x.com' }), 'me@x.com');
  t.equal(id({ from: 'me@x.com', identity: 'i@x.com' }), 'i@x.com');
  t.notOk('StreamProviderId' in objectOf('email'));
  t.equal(objectOf('email', { streamProviderId: 's' })['StreamProviderId'], 's');
});

t.test('attachments go as files, links go to CommBox', async (t) => {
  const attachments = [
    { filename: 'חשבונית.pdf', contentType: 'application/pdf', content: 'QUJD' },
    { filename: 'b.txt', url: 'https://files.example.com/b.txt?x=1' },
    { filename: 'c.bin', content: '' },
  ];
  const { object, attachments: files } = mapped('email', { attachments });
  t.strictSame(files, [
    { name: 'חשבונית.pdf', contentType: 'application/pdf', base64: 'QUJD', pointer: '/attachments/0' },
    { name: 'c.bin', contentType: null, base64: '', pointer: '/attachments/2' },
  ]);
  t.match(object['Content'], { attachments: [{ path: 'https://files.example.com/b.txt?x=1', name: 'b.txt' }] });
  t.notOk('attachments' in (mapped('email', { attachments: [attachments[0]] }).object['Content'] as object));
  t.strictSame(mapped('email', { attachments: [] }).attachments, []);

  const refused: [Record<string, unknown>, string][] = [
    [{ filename: 'a', content: 'QQ==', url: 'https://x.com/a' }, '/attachments/0'],
    [{ filename: 'a' }, '/attachments/0'],
    [{ content: 'QQ==' }, '/attachments/0/filename'],
    [{ filename: 'a\nb', content: 'QQ==' }, '/attachments/0/filename'],
    [{ filename: '', content: 'QQ==' }, '/attachments/0/filename'],
    [{ filename: 'a', url: 'http://x.com/a' }, '/attachments/0/url'],
    [{ filename: 'a', url: 'https://' }, '/attachments/0/url'],
    [{ filename: 'a', url: 'https://x.com/a', contentType: 'text/plain' }, '/attachments/0/contentType'],
    [{ filename: 'a', path: 'https://x.com/a' }, '/attachments/0/path'],
  ];
  for (const [attachment, pointer] of refused) {
    t.strictSame(Object.keys(faultsOf('email', { attachments: [attachment] })), [pointer]);
  }
});
