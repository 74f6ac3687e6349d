import Type, { type Static } from 'typebox';
import type { Channel, ChannelExample, MapContext, MappedMessage } from './channel.ts';
import { commonFields, strictObject, textField } from './fields.ts';
import { buildObject, mapCustomer, refuseReserved } from './object.ts';
import { mapAddressees, mapPhoneList, mapPhoneTo, phoneOrList } from './recipient-phones.ts';
import { addStatedRecipients } from './recipients.ts';

const schema = strictObject({
  to: phoneOrList,
  text: textField,
  sendToClient: Type.Optional(
    Type.Boolean({ description: 'Send without saving the conversation. Default for a list: true.' }),
  ),
  ...commonFields,
});

const isReserved = (member: string) => member === 'to';

function map(request: Static<typeof schema>, context: MapContext): MappedMessage {
  refuseReserved(request.content, isReserved, context);
  return typeof request.to === 'string' ? mapOne(request, request.to, context) : mapMany(request, request.to, context);
}

function mapOne(request: Static<typeof schema>, to: string, context: MapContext): MappedMessage {
  const number = mapPhoneTo(to, '/to', context);
  const recipients = [number];
  addStatedRecipients(recipients, request);
  const object = buildObject(request, {
    type: 4,
    streamProviderType: 5,
    userStreamProviderType: 5,
    streamProviderId: request.streamProviderId ?? number,
    userStreamProviderId: request.identity ?? number,
    message: request.text,
    content: undefined,
    sendToClient: request.sendToClient,
    user: mapCustomer(request.customer, context).user,
  });
  return { object, recipients, attachments: [] };
}

function mapMany(request: Static<typeof schema>, to: readonly string[], context: MapContext): MappedMessage {
  const numbers = mapPhoneList(to, context);
  const { user, phone } = mapCustomer(request.customer, context);
  const { identity, recipients } = mapAddressees(request, numbers, phone);
  const object = buildObject(request, {
    type: 4,
    streamProviderType: 5,
    userStreamProviderType: 5,
    streamProviderId: request.streamProviderId,
    userStreamProviderId: identity,
    message: request.text,
    content: { to: numbers },
    sendToClient: request.sendToClient ?? true,
    user,
  });
  return { object, recipients, attachments: [] };
}

const customer = { id: '01234567', firstName: 'John', lastName: 'Doe', email: 'john.doe@gmail.com' };
const remarks = 'some remark for user';

const examples: readonly ChannelExample[] = [
  {
    summary: 'SMS to one number',
    request: {
      to: '+972-54-444-4444',
      text: 'some message',
      managerId: 36197,
      customer: { ...customer, phone: '180095845823', remarks },
    },
    object: {
      Type: 4,
      StatusId: 1,
      StreamProviderType: 5,
      StreamProviderId: '972544444444',
      UserStreamProviderId: '972544444444',
      UserStreamProviderType: 5,
      ManagerId: 36197,
      Message: 'some message',
      User: {
        UniqueId: '01234567',
        LastName: 'Doe',
        FirstName: 'John',
        Phone1: '180095845823',
        Email: 'john.doe@gmail.com',
        Remarks: 'some remark for user',
      },
    },
  },
  {
    summary: 'SMS to a list of numbers',
    request: {
      to: ['972522222222'],
      text: 'some message',
      managerId: 36197,
      customer: { ...customer, phone: '972544444444', remarks },
    },
    object: {
      Type: 4,
      StatusId: 1,
      StreamProviderType: 5,
      UserStreamProviderId: '972544444444',
      UserStreamProviderType: 5,
      ManagerId: 36197,
      sendToClient: true,
      Content: { to: ['972522222222'] },
      Message: 'some message',
      User: {
        UniqueId: '01234567',
        LastName: 'Doe',
        FirstName: 'John',
        Phone1: '972544444444',
        Email: 'john.doe@gmail.com',
        Remarks: 'some remark for user',
      },
    },
  },
];

/** Text messages to one number or to a list. */
export const sms: Channel<typeof schema> = { name: 'sms', title: 'SMS', schema, examples, map };
