import t from 'tap';
import { type Body, faultsOf, mapped, objectOf } from './helper.ts';

t.test('SMS to one number: both ids are that number', async (t) => {
  const object = objectOf('sms', { to: '+972-54-444-4444', customer: { phone: '+972522222222' } });
  t.match(object, { Type: 4, StreamProviderType: 5, UserStreamProviderType: 5 });
  t.match(object, { StreamProviderId: '972544444444', UserStreamProviderId: '972544444444' });
  t.notOk('Content' in object || 'sendToClient' in object);
  t.equal(objectOf('sms', { sendToClient: true })['sendToClient'], true);
  t.match(objectOf('sms', { identity: 'x-1' }), { UserStreamProviderId: 'x-1', StreamProviderId: '972544444444' });
});

t.test('SMS to a list, even of one', async (t) => {
  const list = ['+972544444444', '+1 212 555 1234'];
  const object = objectOf('sms', { to: list });
  t.match(object, { Content: { to: ['972544444444', '12125551234'] }, sendToClient: true });
  t.equal(object['UserStreamProviderId'], '972544444444', 'the first, for want of a customer');
  t.notOk('StreamProviderId' in object);
  t.equal(objectOf('sms', { to: list, sendToClient: false })['sendToClient'], false);
  t.equal(objectOf('sms', { to: list, streamProviderId: 's' })['StreamProviderId'], 's');
  const ids: [Body, string][] = [
    [{ customer: { phone: '+972522222222' } }, '972522222222'],
    [{ customer: { phone: '180095845823' } }, '972544444444'],
    [{ customer: { phone: '052-222-2222' } }, '972544444444'],
    [{ customer: { phone: '+972522222222' }, identity: 'me' }, 'me'],
  ];
  for (const [change, id] of ids) t.equal(objectOf('sms', { to: list, ...change })['UserStreamProviderId'], id);
  const national = { to: list, customer: { phone: '052-222-2222' } };
  t.equal(objectOf('sms', national, 'IL')['UserStreamProviderId'], '972522222222');
});

t.test('phone recipients are refused by the field that names them', async (t) => {
  t.strictSame(Object.keys(faultsOf('sms', { to: '123' })), ['/to']);
  t.strictSame(Object.keys(faultsOf('sms', { to: ['+972544444444', '123', 5] })).sort(), ['/to/1', '/to/2']);
  t.strictSame(Object.keys(faultsOf('whatsapp', { to: ['+972544444444', '123', 'x'] })), ['/to/1', '/to/2']);
  for (const channel of ['sms', 'whatsapp'] as const) {
    for (const to of [[], '', null, {}, ['']]) t.notSame(faultsOf(channel, { to }), {}, JSON.stringify(to));
    t.strictSame(faultsOf(channel, { to: Array(1000).fill('+972544444444') }), {});
    t.match(faultsOf(channel, { to: Array(1001).fill('+972544444444') }), { '/to': 'must have at most 1000 items' });
  }
  t.match(faultsOf('sms', { to: '054-444-4444' }), { '/to': /with country code/ });
  t.equal(objectOf('sms', { to: '054-444-4444' }, 'IL')['StreamProviderId'], '972544444444');
});

t.test('WhatsApp sends a template to a list, whatever was given', async (t) => {
  const object = objectOf('whatsapp', { to: '+972544444444' });
  t.match(object, { Type: 4, StreamProviderType: 5, UserStreamProviderType: 5 });
  t.strictSame(object['Content'], {
    to: ['972544444444'],
    whatsapp_hsm_name: 'welcome',
    whatsapp_language_code: 'en',
  });
  t.match(object, { UserStreamProviderId: '972544444444', StreamProviderId: '972544444444' });
  const customer = { phone: '+972522222222' };
  t.match(objectOf('whatsapp', { customer }), {
    UserStreamProviderId: '972522222222',
    StreamProviderId: '972522222222',
  });
  t.match(objectOf('whatsapp', { customer, identity: 'me' }), { UserStreamProviderId: 'me', StreamProviderId: 'me' });
  t.match(objectOf('whatsapp', { customer, streamProviderId: 's' }), {
    UserStreamProviderId: '972522222222',
    StreamProviderId: 's',
  });
  const template = (more: Body) => ({ template: { name: 'n', language: 'en', ...more } });
  t.strictSame(faultsOf('whatsapp', template({ params: Array(50).fill('') })), {});
  t.match(faultsOf('whatsapp', template({ params: Array(51).fill('') })), { '/template/params': /at most 50/ });
  t.match(faultsOf('whatsapp', template({ params: [1] })), { '/template/params/0': 'must be a string' });
  t.match(faultsOf('whatsapp', { template: { name: 'n' } }), { '/template/language': 'is required' });
  t.match(faultsOf('whatsapp', { template: undefined }), { '/template': 'is required' });
});

t.test('chat knows the customer by phone or by e-mail address', async (t) => {
  t.match(objectOf('chat'), { Type: 4, StreamProviderType: 0, UserStreamProviderType: 5 });
  t.match(objectOf('chat', { to: 'Jane@Example.com' }), {
    UserStreamProviderId: 'Jane@Example.com',
    UserStreamProviderType: 4,
  });
  t.match(objectOf('chat', { identity: 'me' }), { UserStreamProviderId: 'me', UserStreamProviderType: 5 });
  for (const absent of ['StreamProviderId', 'Content', 'createChildObject']) t.notOk(absent in objectOf('chat'));
  t.equal(objectOf('chat', { createChildObject: false })['createChildObject'], false);
  t.strictSame(objectOf('chat', { content: { a: 1 } })['Content'], { a: 1 });
  t.match(faultsOf('chat', { to: 'jane@' }), { '/to': 'must be a phone number or an e-mail address' });
  t.match(faultsOf('chat', { to: 'jane' }), { '/to': /phone number/ });
  t.match(faultsOf('chat', { to: ['972544444444'] }), { '/to': 'must be a string' });
});

t.test('recipients are everyone the object could reach', async (t) => {
  const cases: [Parameters<typeof mapped>[0], Body, string[]][] = [
    ['sms', {}, ['972544444444']],
    ['sms', { to: ['+972544444444', '+12125551234'] }, ['972544444444', '12125551234']],
    ['sms', { to: ['+972544444444'], customer: { phone: '+972522222222' } }, ['972544444444', '972522222222']],
    ['sms', { customer: { phone: '+972522222222' } }, ['972544444444']],
    ['sms', { identity: '+1 212 555 1234', streamProviderId: 'T-1' }, ['972544444444', '12125551234', 'T-1']],
    ['sms', { content: { CC: [{ address: 'X@example.com' }] } }, ['972544444444', 'x@example.com']],
    ['whatsapp', { customer: { phone: '+972522222222' } }, ['972544444444', '972522222222']],
    ['whatsapp', { customer: { phone: '+972522222222' }, identity: 'me' }, ['972544444444', 'me']],
    ['chat', { to: 'Jane@Example.com', identity: 'me', streamProviderId: 's' }, ['jane@example.com', 'me', 's']],
    [
      'email',
      { to: ['A@x.com', { email: 'b@x.com' }], cc: 'c@x.com', bcc: ['d@x.com'] },
      ['a', 'b', 'c', 'd'].map((n) => `${n}@x.com`),
    ],
    ['email', { from: 'me@x.com', streamProviderId: 'thread', identity: 'I@x.com' }, ['a@example.com', 'i@x.com']],
    ['email', { streamProviderType: 5, streamProviderId: '+972544444444' }, ['a@example.com', '972544444444']],
  ];
  for (const [channel, change, recipients] of cases) t.strictSame(mapped(channel, change).recipients, recipients);
});
