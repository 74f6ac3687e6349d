import Type, { type Static } from 'typebox';
import type { Channel, MapContext, MappedMessage } from './channel.ts';
import { emailExamples } from './email-examples.ts';
import { addresses, attachmentsField, fromField, mapAddresses, mapAttachments } from './email-fields.ts';
import { commonFields, line, strictObject } from './fields.ts';
import { buildObject, mapCustomer, refuseReserved } from './object.ts';
import { normalRecipient } from './recipients.ts';

const schema = strictObject({
  to: addresses(1, 1000, 'Recipients: an address, `{email, name?}`, or a list of 1 to 1000 of them.'),
  cc: Type.Optional(addresses(0, 100, 'Copies: likewise, up to 100. An empty list is as none.')),
  bcc: Type.Optional(addresses(0, 100, 'Blind copies: likewise, up to 100. An empty list is as none.')),
  from: fromField,
  // 998: the longest line of a message (RFC 5322, 2.1.1).
  subject: line(998, 'Subject of the mail.'),
  text: Type.Optional(Type.String({ minLength: 1, description: 'The message. Either `text` or `html`.' })),
  html: Type.Optional(Type.String({ minLength: 1, description: 'The message as HTML. Either `text` or `html`.' })),
  attachments: attachmentsField,
  ...commonFields,
});
type EmailRequest = Static<typeof schema>;

const RESERVED = new Set(['subject', 'to', 'cc', 'bcc', 'attachments']);
const isReserved = (member: string) => RESERVED.has(member);

function map(request: EmailRequest, context: MapContext): MappedMessage {
  refuseReserved(request.content, isReserved, context);
  const to = mapAddresses(request.to) ?? [];
  const cc = mapAddresses(request.cc);
  const bcc = mapAddresses(request.bcc);
  const { files, links } = mapAttachments(request.attachments, context);
  const content: Record<string, unknown> = { subject: request.subject, to };
  if (cc !== undefined) content['cc'] = cc;
  if (bcc !== undefined) content['bcc'] = bcc;
  if (links.length > 0) content['attachments'] = links;
  const recipients: string[] = [];
  for (const list of [to, cc, bcc]) for (const { address } of list ?? []) recipients.push(address.toLowerCase());
  addIdentities(recipients, request);
  const object = buildObject(request, {
    type: 5,
    streamProviderType: 4,
    userStreamProviderType: 4,
    streamProviderId: request.streamProviderId,
    userStreamProviderId: request.identity ?? request.from ?? to[0]?.address ?? '',
    message: messageOf(request, context),
    content,
    user: mapCustomer(request.customer, context).user,
  });
  return { object, recipients, attachments: files };
}

function messageOf({ text, html }: EmailRequest, context: MapContext): string {
  if (text !== undefined && html !== undefined)
    context.fault('/html', 'must not be given beside text: give either one');
  if (text === undefined && html === undefined) context.fault('/text', 'is required, or html instead');
  return text ?? html ?? '';
}

// A mail goes to the addresses of its content; on another kind of stream its ids could be what is written to.
function addIdentities(recipients: string[], request: EmailRequest): void {
  if (request.identity !== undefined) recipients.push(normalRecipient(request.identity));
  const isMail = (request.type ?? 5) === 5 && (request.streamProviderType ?? 4) === 4;
  if (isMail) return;
  for (const id of [request.streamProviderId, request.from]) if (id !== undefined) recipients.push(normalRecipient(id));
}

/** E-mail to one or many, with copies and attachments. */
export const email: Channel<typeof schema> = { name: 'email', title: 'E-mail', schema, examples: emailExamples, map };
