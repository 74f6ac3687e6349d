import Type, { type Static, type TProperties } from 'typebox';
import { isRawNumber } from '../kernel/exact-json.ts';
import { lanes } from './channel.ts';
import { statusField } from './status.ts';

/** An object that takes exactly these fields: what is unknown is an error, never dropped. */
export function strictObject<Properties extends TProperties>(properties: Properties, description?: string) {
  return Type.Object(properties, { additionalProperties: false, ...(description !== undefined && { description }) });
}

/** One line of text without control characters, 1 to `maxLength` code points. */
export function line(maxLength: number, description: string) {
  return Type.String({ minLength: 1, maxLength, format: 'no-control', description });
}

/** CommBox's int64: a JSON integer where JavaScript is exact, or the digits as a string, which arrive unchanged. */
export function int64(description: string) {
  return Type.Union(
    [
      Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }),
      Type.String({ format: 'int64' }),
    ],
    { description },
  );
}

/** A phone number as people write it; what numbers are possible is judged when it is mapped. */
export function phone(description: string) {
  return Type.String({ minLength: 1, maxLength: 64, format: 'no-control', description });
}

// The enums are CommBox's to extend, so any number of theirs passes: they are int32.
function enumNumber(description: string) {
  return Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1, description });
}

// A number kept as text is an object to TypeBox, which would let it pass for one here.
const contentField = Type.Refine(
  Type.Unsafe<Record<string, unknown>>({ type: 'object', description: 'Further members of the CommBox `Content`.' }),
  (value) => !isRawNumber(value),
);

/** `customer`; the lengths are CommBox's own (API reference, `User`). */
export const customerField = strictObject(
  {
    id: Type.Optional(line(50, 'Your id of the customer (`UniqueId`).')),
    firstName: Type.Optional(Type.String({ maxLength: 100, format: 'no-control' })),
    lastName: Type.Optional(Type.String({ maxLength: 100, format: 'no-control' })),
    phone: Type.Optional(
      phone('Any notation; rewritten with country code only if the number is valid. At most 20 digits.'),
    ),
    phone2: Type.Optional(phone('As `phone`.')),
    email: Type.Optional(line(255, 'E-mail address, passed on as it is.')),
    gender: Type.Optional(Type.Unsafe<'M' | 'F'>({ enum: ['M', 'F'] })),
    birthday: Type.Optional(Type.String({ format: 'date', description: 'A date, such as 1990-12-31.' })),
    remarks: Type.Optional(Type.String()),
  },
  'The customer (CommBox `User`).',
);
export type Customer = Static<typeof customerField>;

/** The fields that every channel takes, `text` aside. */
export const commonFields = {
  stream: Type.Optional(
    line(255, "A configured alias. Without it, and without `streamId`: the channel's default stream."),
  ),
  streamId: Type.Optional(line(255, 'A raw CommBox stream id, instead of `stream`.')),
  customer: Type.Optional(customerField),
  managerId: Type.Optional(
    int64('The agent who sends. Without one the conversation looks as if the customer began it.'),
  ),
  subStreamId: Type.Optional(int64('Sub-channel (`SubStreamId`).')),
  userIdentity: Type.Optional(int64("CommBox's number for the customer's identity (`UserIdentity`).")),
  status: Type.Optional(statusField),
  type: Type.Optional(enumNumber("Replaces the channel's `Type`.")),
  streamProviderType: Type.Optional(enumNumber("Replaces the channel's `StreamProviderType`.")),
  userStreamProviderType: Type.Optional(enumNumber("Replaces the channel's `UserStreamProviderType`.")),
  streamProviderId: Type.Optional(line(255, 'Id of the original conversation at the provider (`StreamProviderId`).')),
  identity: Type.Optional(
    line(255, "The customer's identity at the provider (`UserStreamProviderId`), when it is not the address below."),
  ),
  content: Type.Optional(contentField),
  lane: Type.Optional(
    Type.Unsafe<(typeof lanes)[number]>({
      enum: [...lanes],
      description: "Priority class. Default: the stream's or the caller's.",
    }),
  ),
  sendAt: Type.Optional(
    Type.String({ format: 'date-time', description: 'Not before this time; at most 30 days ahead.' }),
  ),
  expiresAt: Type.Optional(Type.String({ format: 'date-time', description: 'Never sent after this time.' })),
  onUnknown: Type.Optional(
    Type.Unsafe<'hold' | 'resend'>({
      enum: ['hold', 'resend'],
      description:
        'What to do when nobody knows whether CommBox has the message. `resend` accepts duplicates; it tries again after 30 s at the earliest, so it needs `Prefer: respond-async`, or a `wait` beyond that. Default `hold`.',
    }),
  ),
  reference: Type.Optional(line(255, 'Your own reference; messages can be searched by it.')),
};

/** `text` where it is the only body. */
export const textField = Type.String({ minLength: 1, description: 'The message (`Message`).' });

const commonRequest = Type.Object(commonFields);
/** What every validated request has, whatever its channel. */
export type CommonRequest = Static<typeof commonRequest>;
