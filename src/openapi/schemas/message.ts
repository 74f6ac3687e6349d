import Type from 'typebox';
import { channelNames } from '../../channels/channel.ts';
import { type ErrorCode, errorKinds } from '../../kernel/errors.ts';
import { countOrNull, lane, messageId, nullable, oneOf, oneOfOrNull, state, time, timeOrNull } from './atoms.ts';
import { problem, upstreamOrNull } from './problem.ts';

const sentFields = {
  id: messageId,
  status: state,
  channel: oneOf([...channelNames, 'raw'], 'Channel of the stream; `raw` where only a CommBox id is known.'),
  stream: nullable('string', { description: 'The alias; null for a raw CommBox id.' }),
  streamId: Type.String({ description: 'The CommBox stream id.' }),
  objectId: nullable('string', { description: "CommBox's id of the object; null if it gave none." }),
  attempts: Type.Integer({ minimum: 0, description: 'Calls to CommBox so far.' }),
  createdAt: time('When the gateway accepted it.'),
  sentAt: timeOrNull('When CommBox took it.'),
};

/** The body of a 201. */
export const sentMessage = Type.Object(sentFields, { description: 'A message that CommBox has.' });

const attempt = Type.Object({
  at: time('When it began.'),
  durationMs: Type.Integer({ minimum: 0 }),
  outcome: Type.String({
    description:
      '`sent`, `throttled`, `unreachable`, `refused`, `unclear`, `damaged` (an attachment), or `interrupted` by a crash.',
  }),
  upstreamStatus: Type.Unsafe<number | null>({ type: ['integer', 'null'], description: "CommBox's status." }),
});

/** A message as it is looked at. */
export const message = Type.Object(
  {
    ...sentFields,
    caller: Type.String({ description: 'Who sent it.' }),
    reference: nullable('string', { description: 'The reference that the request gave.' }),
    lane,
    sendAt: timeOrNull('Not before this time.'),
    expiresAt: timeOrNull('Not after this time.'),
    waitingFor: oneOfOrNull(
      ['schedule', 'rate', 'paused', 'fair_share', 'credentials'],
      'What a queued message waits for.',
    ),
    waitingSince: timeOrNull('Since when a queued message waits.'),
    code: oneOfOrNull(
      Object.keys(errorKinds) as ErrorCode[],
      'Error code, if it ended otherwise than sent; of an `expired` one, what kept it from being sent in time.',
    ),
    outcome: oneOfOrNull(['sent', 'not_sent', 'unknown'], 'Whether CommBox has it; null while it is on its way.'),
    upstream: upstreamOrNull(
      'What CommBox said, if it ended otherwise than sent. The description is for its sender alone, and erased with the content.',
    ),
    resendOf: nullable('string', { description: 'The message that this one repeats.' }),
    attemptLog: Type.Array(attempt, { description: 'Every call to CommBox.' }),
  },
  { description: 'A message. Its content is not shown, and is erased once it is sent.' },
);

/** One page of the list. */
export const messageList = Type.Object({
  messages: Type.Array(message, { description: 'Newest first.' }),
  nextCursor: nullable('string', { description: 'For `cursor` of the next request; null at the end.' }),
});

/** The body of a 202. */
export const acceptedMessage = Type.Object(
  {
    id: messageId,
    status: state,
    lane,
    position: countOrNull('How many messages of its line go first; null once it is on its way.'),
    estimatedStart: timeOrNull(
      'When an attempt will start, as far as can be told; null if it cannot, and once it is on its way.',
    ),
  },
  { description: 'A message that the gateway has on disk.' },
);

/** A message, and what was found at CommBox. */
export const reconciledMessage = Type.Object({
  ...message.properties,
  reconciliation: Type.Object({
    found: countOrNull('Objects at CommBox with that text; null if CommBox could not be asked.'),
    objectIds: Type.Array(Type.String(), { description: 'Their ids.' }),
    isResolved: Type.Boolean({ description: 'Exactly one was found, and the message is now `sent`.' }),
  }),
});

/** What canceling by filter did. */
export const canceledCount = Type.Object({
  canceled: Type.Integer({ minimum: 0, description: 'How many messages were stopped.' }),
});

const acceptedItem = Type.Object({ id: messageId, status: state });
const refusedItem = Type.Object({ problem });

/** The body of a batch's 202. */
export const batchResults = Type.Object({
  results: Type.Array(Type.Union([acceptedItem, refusedItem]), { description: 'In the order of the request.' }),
});
