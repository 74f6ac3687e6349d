import fc from 'fast-check';
import { type ChannelName, channelNames } from '../../../src/channels/channel.ts';

/** A JSON request to a channel, and what was done to it. */
export interface FuzzBody {
  readonly channel: ChannelName;
  /** `valid` has to be taken, `broken` to be refused; of `wild` nobody knows. */
  readonly kind: 'valid' | 'broken' | 'wild';
  readonly text: string;
}

type Fields = Record<string, unknown>;

const HOUR_MS = 3_600_000;
const later = (hours: number) => new Date(Date.now() + hours * HOUR_MS).toISOString();

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 });
const line = (maxLength: number) =>
  fc.string({ unit: 'grapheme-composite', minLength: 1, maxLength: Math.floor(maxLength / 8) });
const phone = fc.constantFrom('+972544444444', '00972 52-222-2222', '+1 (212) 555-0100', '+44 20 7946 0958');
const address = fc.constantFrom('dana@example.com', 'a.b+c@sub.example.org', 'x@example.co.il');
const lane = fc.constantFrom('critical', 'normal', 'bulk');
const int64 = fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String));
const { plain } = fc.letrec((tie) => ({
  plain: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('plain'), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 8 }), tie('plain'), { maxKeys: 4 }),
  ),
}));

const customer = fc.record(
  {
    id: line(50),
    firstName: line(100),
    lastName: line(100),
    phone,
    email: address,
    gender: fc.constantFrom('M', 'F'),
    birthday: fc.constant('1990-12-31'),
    remarks: text,
  },
  { requiredKeys: [] },
);

const common = fc.record(
  {
    customer,
    managerId: int64,
    subStreamId: int64,
    userIdentity: int64,
    status: fc.oneof(fc.constantFrom('open', 'sent', 'inProcess'), fc.constantFrom(1, 2, 11, 13, 15)),
    content: fc.dictionary(fc.stringMatching(/^k[a-zA-Z]{1,8}$/), plain, { maxKeys: 4 }),
    lane,
    reference: line(255),
    sendAt: fc.constantFrom(1, 48).map(later),
    expiresAt: fc.constant(72).map(later),
    onUnknown: fc.constant('hold'),
    type: fc.integer({ min: 0, max: 18 }),
    identity: line(100),
  },
  { requiredKeys: [] },
);

const list = <T>(item: fc.Arbitrary<T>) => fc.oneof(item, fc.array(item, { minLength: 1, maxLength: 5 }));
const mail = fc.oneof(address, fc.record({ email: address, name: line(60) }, { requiredKeys: ['email'] }));
const attachment = fc.record({
  filename: line(60),
  content: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('base64')),
});
const emailBase = { to: list(mail), subject: line(200) };

const own: Record<ChannelName, fc.Arbitrary<Fields>> = {
  email: fc.oneof(
    fc.record(
      { ...emailBase, text, cc: list(mail), attachments: fc.array(attachment, { maxLength: 3 }) },
      { requiredKeys: ['to', 'subject', 'text'] },
    ),
    fc.record(
      { ...emailBase, html: text, bcc: list(mail), from: address },
      { requiredKeys: ['to', 'subject', 'html'] },
    ),
  ),
  sms: fc.record({ to: list(phone), text, sendToClient: fc.boolean() }, { requiredKeys: ['to', 'text'] }),
  whatsapp: fc.record({
    to: list(phone),
    text,
    template: fc.record(
      { name: fc.constant('welcome'), language: fc.constantFrom('en', 'he'), params: fc.array(text, { maxLength: 3 }) },
      { requiredKeys: ['name', 'language'] },
    ),
  }),
  chat: fc.record(
    { to: fc.oneof(phone, address), text, createChildObject: fc.boolean() },
    { requiredKeys: ['to', 'text'] },
  ),
};

/** One change that makes any valid request invalid. */
const breaking: fc.Arbitrary<(fields: Fields) => Fields> = fc.oneof(
  fc
    .constantFrom<Fields>(
      ...[
        { text: '', html: '' },
        { text: 7, html: 7 },
        { to: 12 },
        { to: [] },
        { to: {} },
        { to: 'nobody' },
        { to: null },
      ],
      ...[{ lane: 'express' }, { managerId: 1.5 }, { managerId: '01' }, { subStreamId: 2 ** 60 }, { status: 'foo' }],
      ...[
        { stream: 'nowhere-at-all' },
        { stream: 'sms', streamId: '532' },
        { sendAt: 'tomorrow' },
        { expiresAt: later(-1) },
      ],
      ...[{ content: { to: [] } }, { content: [] }, { content: { k: 1e300 } }, { reference: 'x'.repeat(256) }],
      ...[{ reference: 'a\nb' }, { customer: { phone: 'none' } }, { customer: { id: 7 } }, { onUnknown: 'drop' }],
    )
    .map((change) => (fields: Fields) => ({ ...fields, ...change })),
  fc.constantFrom('to').map(
    (name) =>
      ({ [name]: _, ...rest }: Fields) =>
        rest,
  ),
  fc.stringMatching(/^[a-z_]{1,12}$/).map((name) => (fields: Fields) => ({ ...fields, [`x-${name}`]: 1 })),
);

/** Text that is no JSON any more. */
const garbling = fc.constantFrom<(text: string) => string>(
  (json) => json.slice(0, -1),
  (json) => `${json}}`,
  (json) => json.replace(':', ''),
  (json) => `[${json}`,
  (json) => json.replace('{', '{"a":NaN,'),
  (json) => json.replace('{', `{"deep":${'{"a":'.repeat(30)}1${'}'.repeat(30)},`),
  () => '',
);

/** Any JSON, and things that begin like it. */
export const wildText: fc.Arbitrary<string> = fc.oneof(
  fc.json(),
  fc
    .record({ to: fc.jsonValue(), text: fc.jsonValue(), content: fc.jsonValue() }, { requiredKeys: [] })
    .map((value) => JSON.stringify(value)),
  fc.string({ unit: 'binary', maxLength: 100 }),
);

const fieldsOf = (channel: ChannelName) =>
  fc.tuple(own[channel], common).map(([mine, shared]) => ({ ...shared, ...mine }));

export const channelBody: fc.Arbitrary<FuzzBody> = fc.constantFrom(...channelNames).chain((channel) =>
  fc.oneof(
    {
      weight: 5,
      arbitrary: fieldsOf(channel).map((fields) => ({ channel, kind: 'valid' as const, text: JSON.stringify(fields) })),
    },
    {
      weight: 4,
      arbitrary: fc
        .tuple(fieldsOf(channel), breaking)
        .map(([fields, change]) => ({ channel, kind: 'broken' as const, text: JSON.stringify(change(fields)) })),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fieldsOf(channel), garbling)
        .map(([fields, garble]) => ({ channel, kind: 'broken' as const, text: garble(JSON.stringify(fields)) })),
    },
    { weight: 2, arbitrary: wildText.map((wild) => ({ channel, kind: 'wild' as const, text: wild })) },
  ),
);
