import Type, { type Static } from 'typebox';
import { satisfiesFormat } from '../kernel/formats.ts';
import type { Channel, ChannelExample, MapContext, MappedMessage } from './channel.ts';
import { commonFields, line, strictObject, textField } from './fields.ts';
import { buildObject, mapCustomer, refuseReserved } from './object.ts';
import { mapPhoneTo } from './recipient-phones.ts';
import { addStatedRecipients, normalRecipient } from './recipients.ts';

const schema = strictObject({
  to: line(254, "The customer's phone number or e-mail address."),
  text: textField,
  createChildObject: Type.Optional(Type.Boolean({ description: 'Also create the first message of the conversation.' })),
  ...commonFields,
});

const isReserved = (member: string) => member === 'to';

function map(request: Static<typeof schema>, context: MapContext): MappedMessage {
  refuseReserved(request.content, isReserved, context);
  const isAddress = request.to.includes('@');
  const to = isAddress ? mapAddress(request.to, context) : mapPhone(request.to, context);
  const recipients = [normalRecipient(to)];
  addStatedRecipients(recipients, request);
  const object = buildObject(request, {
    type: 4,
    streamProviderType: 0,
    userStreamProviderType: isAddress ? 4 : 5,
    streamProviderId: request.streamProviderId,
    userStreamProviderId: request.identity ?? to,
    message: request.text,
    content: undefined,
    createChildObject: request.createChildObject,
    user: mapCustomer(request.customer, context).user,
  });
  return { object, recipients, attachments: [] };
}

function mapPhone(text: string, context: MapContext): string {
  const fault: MapContext['fault'] = (pointer, message) => context.fault(pointer, `${message}; or an e-mail address`);
  return mapPhoneTo(text, '/to', { ...context, fault });
}

function mapAddress(text: string, context: MapContext): string {
  if (!satisfiesFormat('email', text)) context.fault('/to', 'must be a phone number or an e-mail address');
  return text;
}

const examples: readonly ChannelExample[] = [
  {
    summary: 'Chat conversation with its first message',
    request: {
      to: '972544444444',
      text: 'some message',
      userIdentity: '100000000419660',
      managerId: 36197,
      createChildObject: true,
      customer: {
        id: '01234567',
        firstName: 'John',
        lastName: 'Doe',
        phone: '972544444444',
        email: 'JohnDoe@gmail.com',
        remarks: 'some remark for user',
      },
    },
    object: {
      Type: 4,
      StatusId: 1,
      StreamProviderType: 0,
      UserStreamProviderId: '972544444444',
      UserStreamProviderType: 5,
      UserIdentity: 100000000419660,
      ManagerId: 36197,
      Message: 'some message',
      createChildObject: true,
      User: {
        UniqueId: '01234567',
        LastName: 'Doe',
        FirstName: 'John',
        Phone1: '972544444444',
        Email: 'JohnDoe@gmail.com',
        Remarks: 'some remark for user',
      },
    },
  },
];

/** Chat conversations with a customer known by phone or e-mail address. */
export const chat: Channel<typeof schema> = { name: 'chat', title: 'Chat', schema, examples, map };
