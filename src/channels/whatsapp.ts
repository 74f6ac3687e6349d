import Type, { type Static } from 'typebox';
import type { Channel, ChannelExample, MapContext, MappedMessage } from './channel.ts';
import { commonFields, line, strictObject, textField } from './fields.ts';
import { buildObject, mapCustomer, refuseReserved } from './object.ts';
import { mapAddressees, mapPhoneList, mapPhoneTo, phoneOrList } from './recipient-phones.ts';

const template = strictObject(
  {
    name: line(512, 'Name of the approved template.'),
    language: line(35, 'Language code of the template, such as `en`.'),
    params: Type.Optional(
      Type.Array(Type.String(), { maxItems: 50, description: 'Values of its placeholders, in order.' }),
    ),
  },
  'The approved WhatsApp template to send.',
);

const schema = strictObject({ to: phoneOrList, template, text: textField, ...commonFields });

const isReserved = (member: string) => member === 'to' || member.startsWith('whatsapp_');

function map(request: Static<typeof schema>, context: MapContext): MappedMessage {
  refuseReserved(request.content, isReserved, context);
  const numbers =
    typeof request.to === 'string' ? [mapPhoneTo(request.to, '/to', context)] : mapPhoneList(request.to, context);
  const { user, phone } = mapCustomer(request.customer, context);
  const { identity, recipients } = mapAddressees(request, numbers, phone);
  const object = buildObject(request, {
    type: 4,
    streamProviderType: 5,
    userStreamProviderType: 5,
    streamProviderId: request.streamProviderId ?? identity,
    userStreamProviderId: identity,
    message: request.text,
    content: templateContent(numbers, request.template),
    user,
  });
  return { object, recipients, attachments: [] };
}

function templateContent(to: readonly string[], { name, language, params }: Static<typeof template>) {
  const content: Record<string, unknown> = { to, whatsapp_hsm_name: name };
  if (params !== undefined && params.length > 0) content['whatsapp_localizable_params'] = params;
  content['whatsapp_language_code'] = language;
  return content;
}

const examples: readonly ChannelExample[] = [
  {
    summary: 'WhatsApp template',
    request: {
      to: '972522222222',
      text: 'some message',
      template: { name: 'test_template', language: 'en', params: ['check_1'] },
      managerId: 36197,
      customer: {
        id: '01234567',
        firstName: 'John',
        lastName: 'Doe',
        phone: '972544444444',
        email: 'john.doe@gmail.com',
        remarks: 'some remark for user',
      },
    },
    object: {
      Type: 4,
      StatusId: 1,
      StreamProviderType: 5,
      StreamProviderId: '972544444444',
      UserStreamProviderId: '972544444444',
      UserStreamProviderType: 5,
      ManagerId: 36197,
      Content: {
        to: ['972522222222'],
        whatsapp_hsm_name: 'test_template',
        whatsapp_localizable_params: ['check_1'],
        whatsapp_language_code: 'en',
      },
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

/**
 * WhatsApp templates. The types are those of CommBox's reference example; an older document of theirs gives
 * StreamProviderType 7, which `streamProviderType` can set.
 */
export const whatsapp: Channel<typeof schema> = { name: 'whatsapp', title: 'WhatsApp', schema, examples, map };
