import Type, { type TObject, type TSchema } from 'typebox';
import { type Channel, type ChannelName, channelNames } from '../channels/channel.ts';
import { customerField, strictObject } from '../channels/fields.ts';
import { channels } from '../channels/list.ts';
import { rawObject } from '../channels/raw.ts';
import { capitalized, requestName } from './operations/channels.ts';
import { publicSchema } from './public-schema.ts';
import * as messages from './schemas/message.ts';
import { accountPacing, pacing } from './schemas/pacing.ts';
import { dropInProblem, problem } from './schemas/problem.ts';
import { commboxEnvelope, liveness, me, readiness } from './schemas/service.ts';
import { type JsonSchema, ref } from './types.ts';

/** The schemas of requests that the HTTP layer validates with. */
export interface BodySchemas {
  readonly batch: TObject;
  readonly filter: TObject;
  readonly resolve: TObject;
  readonly stop: TObject;
  /** Longest `idempotencyKey` of a batch's message. */
  readonly longestKey: number;
}

/** Every schema of the document, by component name. */
export function createSchemas(bodies: BodySchemas): Readonly<Record<string, JsonSchema>> {
  const requests = channelNames.map((name) => [requestName(channels[name]), channels[name].schema] as const);
  const items = channelNames.map((name) => [itemName(name), itemSchema(channels[name], bodies.longestKey)] as const);
  const plain: Record<string, TSchema> = {
    ...Object.fromEntries([...requests, ...items]),
    Customer: customerField,
    MessageFilter: bodies.filter,
    ResolveRequest: bodies.resolve,
    PacingStop: bodies.stop,
    CommboxObject: rawObject,
    SentMessage: messages.sentMessage,
    AcceptedMessage: messages.acceptedMessage,
    Message: messages.message,
    MessageList: messages.messageList,
    ReconciledMessage: messages.reconciledMessage,
    CanceledCount: messages.canceledCount,
    BatchResults: messages.batchResults,
    Pacing: pacing,
    AccountPacing: accountPacing,
    Problem: problem,
    DropInProblem: dropInProblem,
    CommboxEnvelope: commboxEnvelope,
    Me: me,
    Liveness: liveness,
    Readiness: readiness,
  };
  const translated = Object.entries(plain).map(([name, schema]) => [name, publicSchema(schema)] as const);
  const schemas = { ...Object.fromEntries(translated), BatchRequest: batchRequest(bodies.batch), DropInRequest };
  return shareSchemas(schemas, ['Customer', 'Message', 'AccountPacing', 'Problem']);
}

const DropInRequest: JsonSchema = {
  type: 'object',
  required: ['data'],
  properties: { data: ref('schemas', 'CommboxObject') },
  additionalProperties: true,
};

function itemName(channel: ChannelName): string {
  return `${capitalized(channel)}Item`;
}

/** A message of a batch: its channel's request, with two members of its own. */
function itemSchema({ name, schema }: Channel, longestKey: number): TObject {
  return strictObject({
    channel: Type.Unsafe<string>({ type: 'string', enum: [name] }),
    idempotencyKey: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: longestKey,
        description: 'As the header `Idempotency-Key`, for this one.',
      }),
    ),
    ...schema.properties,
  });
}

// Each message is checked by itself, so the schema that validates the whole says nothing about them.
function batchRequest(schema: TObject): JsonSchema {
  const { properties, ...rest } = publicSchema(schema) as { properties: { messages: JsonSchema } };
  const anyOf = channelNames.map((name) => ref('schemas', itemName(name)));
  return { ...rest, properties: { messages: { ...properties.messages, items: { anyOf } } } };
}

/** Puts a reference wherever one of the named schemas stands inside another. */
function shareSchemas(schemas: Readonly<Record<string, JsonSchema>>, names: readonly string[]) {
  const shared = new Map(names.map((name) => [JSON.stringify(schemas[name]), ref('schemas', name)]));
  const share = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(share);
    // Comparing text costs more than anything else here, so only what can be one of them is compared.
    const isObject = 'type' in value && value.type === 'object';
    return (isObject && shared.get(JSON.stringify(value))) || shareMembers(value);
  };
  const shareMembers = (value: object) =>
    Object.fromEntries(Object.entries(value).map(([name, member]) => [name, share(member)]));
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, shareMembers(schema)]));
}
