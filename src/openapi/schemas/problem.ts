import Type from 'typebox';
import { type ErrorCode, errorKinds, MAX_FAULTS } from '../../kernel/errors.ts';
import { messageId, nullable, oneOf, time } from './atoms.ts';

const upstreamFields = {
  status: Type.Integer({ description: 'The status that counted.' }),
  description: nullable('string', { description: "CommBox's own words." }),
};

/** What CommBox answered, or null. */
export const upstreamOrNull = (description: string) =>
  Type.Unsafe<{ status: number; description: string | null } | null>({
    anyOf: [Type.Object(upstreamFields), { type: 'null' }],
    description,
  });

const fields = {
  type: Type.String({ format: 'uri', description: 'Names the code, as a URN.' }),
  title: Type.String({ description: 'What the code means, always the same.' }),
  status: Type.Integer({ description: 'The HTTP status.' }),
  detail: Type.String({ description: 'What happened this time, for people.' }),
  code: oneOf(Object.keys(errorKinds) as ErrorCode[], 'What happened, for programs.'),
  requestId: Type.String({ description: 'The id under which the log has the request.' }),
  outcome: Type.Optional(
    oneOf(
      ['not_sent', 'unknown'],
      '`not_sent`: a repeat is safe. `unknown`: CommBox may have the message. Missing where nothing was to be sent.',
    ),
  ),
  messageId: Type.Optional(messageId),
  errors: Type.Optional(
    Type.Array(
      Type.Object({
        pointer: Type.String({ description: 'JSON pointer (RFC 6901) into the request.' }),
        message: Type.String({ description: 'What is allowed there.' }),
      }),
      { maxItems: MAX_FAULTS, description: 'Every field at fault.' },
    ),
  ),
  upstream: Type.Optional(Type.Object(upstreamFields, { description: 'What CommBox answered.' })),
};

/** RFC 9457, with the members that the gateway adds. */
export const problem = Type.Object(fields, { description: 'Problem details (RFC 9457).' });

/** The same at the drop-in door. */
export const dropInProblem = Type.Object(
  {
    ...fields,
    description: Type.String({ description: 'The same as `detail`, where readers of CommBox envelopes look for it.' }),
    response_time: time('As in a CommBox envelope.'),
  },
  { description: 'Problem details, which also can be read as a CommBox envelope.' },
);
