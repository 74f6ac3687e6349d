import { form } from '../e2e/form.ts';
import { messagesOf, objectOf, type Person } from './person.ts';
import { callerKeys } from './planted.ts';
import type { CallerName, Request, Stage } from './stage.ts';

/** What callers send along that means nothing to a gateway. */
export const noise = ({ header }: Person) => ({
  'user-agent': header,
  cookie: `session=${header}`,
  referer: `http://intranet.example/${header}`,
  'x-forwarded-for': header,
  'x-customer': header,
  'x-request-id': `not an id: ${header}`,
  traceparent: `00-${header}`,
  tracestate: `vendor=${header}`,
});

const files = (person: Person) => ({
  name: 'file',
  fileName: person.fileName,
  contentType: 'application/pdf',
  content: person.fileContent,
});

/** An e-mail with a file, as a form. */
export const formOf = (person: Person): Request =>
  form([{ name: 'data', content: JSON.stringify(messagesOf.email(person)) }, files(person)]);

/** The drop-in door's form. */
const rawFormOf = (person: Person): Request =>
  form([files(person), { name: 'data', content: JSON.stringify(objectOf(person)) }]);

/** An e-mail with the same file within its JSON. */
export const inlineOf = (person: Person) => ({
  ...messagesOf.email(person),
  attachments: [{ filename: person.fileName, content: Buffer.from(person.fileContent).toString('base64') }],
});

const channels = ['sms', 'chat', 'whatsapp', 'email'] as const;

/** One of each send there is, as requests to be sent. */
export function sendsOf(person: Person): [route: string, request: Request][] {
  const batch = [
    ...channels.map((channel) => ({ channel, ...messagesOf[channel](person) })),
    { channel: 'sms', ...messagesOf.sms(person), idempotencyKey: `${person.idempotencyKey} in a batch` },
    { channel: 'email', ...inlineOf(person) },
    { channel: person.firstName, ...messagesOf.sms(person), [person.lastName]: person.phone },
  ];
  const dropIn = { params: { streamId: '532' }, body: { data: objectOf(person) } };
  return [
    ...channels.map((channel): [string, Request] => [`POST /v1/${channel}`, { body: messagesOf[channel](person) }]),
    ['POST /v1/email', { body: inlineOf(person) }],
    ['POST /v1/email', formOf(person)],
    ['POST /streams/:streamId/objects', dropIn],
    ['POST /streams/:streamId/objects', { ...rawFormOf(person), params: { streamId: '999' } }],
    ['POST /v1/sms', { body: { ...messagesOf.sms(person), stream: 'brand' } }],
    ['POST /v1/messages', { body: { messages: batch } }],
  ];
}

const isPreview = (template: string) => template.endsWith('/preview');

/** Requests that are wrong, each in another way, with what they hold in places where it does not belong. */
function wrongRequests(person: Person, key: CallerName): Request[] {
  const { phone, email, text, firstName, lastName, header, idempotencyKey } = person;
  const ownKey = callerKeys[key];
  const sms = messagesOf.sms(person);
  const bodies: unknown[] = [
    { ...sms, [lastName]: text, text: 7, managerId: phone.repeat(2), lane: firstName, to: text, status: email },
    { ...sms, stream: firstName, customer: { phone: lastName, birthday: text, gender: firstName, email: header } },
    { ...sms, streamId: `${phone}\u0000`, sendAt: text, expiresAt: email, onUnknown: lastName, reference: 7 },
    { ...sms, content: { to: phone, whatsapp_x: phone }, type: text, to: [phone, text, email] },
    { ...sms, to: email, text: Number(phone), key: ownKey, authorization: [ownKey] },
    { messages: [{ channel: phone, idempotencyKey: Number(phone) }, text, { channel: 'sms', idempotencyKey: '' }] },
    { data: { Message: text, ManagerId: phone.repeat(2), UserIdentity: email, Type: text, User: firstName } },
    { as: text, lane: phone, caller: email, status: phone, from: text, account: ownKey },
    `{"text":"${text}", ${phone} broken`,
    `{"a":${phone}${phone}${phone}}`,
    Buffer.from(JSON.stringify(sms), 'utf16le'),
    form([
      { name: lastName, content: text },
      { name: 'data', content: text },
    ]).body,
    '',
  ];
  const upload = form([
    { name: lastName, content: text },
    { fileName: `${firstName}\t`, content: email },
  ]);
  const body = sms;
  return [
    ...bodies.map((each) => ({ body: each })),
    upload,
    { body: text, headers: { 'content-type': `multipart/form-data; boundary=${header}` } },
    { body, headers: { 'content-type': `text/${header}` } },
    { body, headers: { 'content-type': `application/json; charset=${header}` } },
    { body, headers: { prefer: `wait=${phone}; ${email}` } },
    { body, headers: { 'gateway-lane': header } },
    { body, headers: { 'idempotency-key': `${idempotencyKey}${'!'.repeat(255)}` } },
    { body, headers: { 'idempotency-key': [idempotencyKey, `"${idempotencyKey}`] } },
    { body, headers: { authorization: `Basic ${Buffer.from(`${email}:${ownKey}`).toString('base64')}` } },
    { body, headers: { authorization: `Bearer ${callerKeys.retired}` } },
    { body, headers: { authorization: '', 'x-api-key': `${ownKey} ` } },
    { body, query: `key=${encodeURIComponent(ownKey)}&${lastName.slice(4)}=${phone}` },
    { body, query: `access_token=${encodeURIComponent(ownKey)}&to=${encodeURIComponent(email)}` },
  ];
}

/** Sends every wrong request to a route. Its parameters are data that belongs elsewhere. */
export async function sendWrong(stage: Stage, route: string, person: Person, key: CallerName): Promise<void> {
  const isRead = /^(GET|HEAD) /.test(route);
  const everyParameter = (value: string) => ({ streamId: value, id: value, account: value });
  for (const request of wrongRequests(person, key)) {
    const { body, ...rest } = request;
    const params = everyParameter(isPreview(route) ? '' : person.phone);
    await stage.ask(key, route, { params, ...(isRead ? rest : request) });
    if (isRead && body !== undefined) break;
  }
  for (const value of [person.email, `%zz${person.firstName}`, callerKeys[key], '532']) {
    await stage.ask(key, route, { params: everyParameter(value), headers: noise(person) });
  }
  await stage.ask(null, route, { params: everyParameter(person.phone), headers: noise(person) });
}
