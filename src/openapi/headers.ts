import { MESSAGE_ID, REQUEST_ID, TRACEPARENT } from './examples.ts';
import { type Header, type JsonSchema, type Ref, ref } from './types.ts';

const text = (example: string): JsonSchema => ({ type: 'string', examples: [example] });
const seconds: JsonSchema = { type: 'integer', minimum: 1 };
const count: JsonSchema = { type: 'integer', minimum: 0 };

/** Every header that an answer can have beside those of HTTP itself. */
export const headers = {
  'X-Request-Id': { description: 'The id of this request in the log.', schema: text(REQUEST_ID) },
  traceparent: { description: 'W3C Trace Context: the trace that this request belongs to.', schema: text(TRACEPARENT) },
  'RateLimit-Limit': { description: 'Requests in a window, if this caller has a limit.', schema: count },
  'RateLimit-Remaining': { description: 'Requests left in this window.', schema: count },
  'RateLimit-Reset': { description: 'Seconds until the next window.', schema: count },
  'Retry-After': { description: 'Seconds after which a repeat has a chance.', schema: seconds },
  Location: { description: 'Where the message is to be looked at.', schema: text(`/v1/messages/${MESSAGE_ID}`) },
  'Preference-Applied': { description: 'Which preference was followed (RFC 7240).', schema: text('respond-async') },
  'Idempotency-Replayed': {
    description: '`true`: the answer to the first request with this key; nothing was sent now.',
    schema: { type: 'string', enum: ['true'] },
  },
  'Gateway-Message-Id': { description: 'The message that the request became.', schema: text(MESSAGE_ID) },
  'Gateway-Outcome': {
    description: 'Whether CommBox has the message.',
    schema: { type: 'string', enum: ['sent', 'not_sent', 'unknown'] },
  },
  'WWW-Authenticate': { description: 'How to authenticate (RFC 9110).', schema: text('Bearer') },
  Allow: { description: 'The methods that the path takes.', schema: text('GET, HEAD') },
  'Accept-Encoding': {
    description: 'Only where a compressed body was refused: send it as it is.',
    schema: { type: 'string', enum: ['identity'] },
  },
  ETag: { description: 'Changes with the document.', schema: text('"3q2-7w"') },
} as const satisfies Readonly<Record<string, Header>>;

export type HeaderName = keyof typeof headers;

/** What every answer has, and what every answer to a known caller may have. */
const EVERYWHERE: readonly HeaderName[] = ['X-Request-Id', 'traceparent'];
const LIMITED: readonly HeaderName[] = ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'];

/** The headers of an answer of an open route. */
export function openHeaders(...own: readonly HeaderName[]): Record<string, Ref> {
  return Object.fromEntries([...EVERYWHERE, ...own].map((name) => [name, ref('headers', name)]));
}

/** The headers of an answer to a caller with a key. */
export function callerHeaders(...own: readonly HeaderName[]): Record<string, Ref> {
  return openHeaders(...LIMITED, ...own);
}
