import type { ChannelName } from '../../channels/channel.ts';
import { acceptedExample, sentExample } from '../examples.ts';
import { callerHeaders, type HeaderName } from '../headers.ts';
import { type Content, type Example, type Response, ref } from '../types.ts';

/** A JSON body by its component, with examples by name. */
export function json(schema: string, examples?: Readonly<Record<string, Example>>): Content {
  return { 'application/json': { schema: ref('schemas', schema), ...(examples !== undefined && { examples }) } };
}

/** An answer to a caller with a key. */
export function answer(description: string, content: Content, ...headers: readonly HeaderName[]): Response {
  return { description, headers: callerHeaders(...headers), content };
}

/** A 201; the example is a message of that channel. */
export function sent(channel: ChannelName): Response {
  const value = { ...sentExample, channel, stream: channel };
  return answer(
    'CommBox has the message.',
    json('SentMessage', { sent: { value } }),
    'Location',
    'Idempotency-Replayed',
  );
}

export const accepted = answer(
  'The gateway has the message on disk, and sends it as soon as it can.',
  json('AcceptedMessage', { accepted: { value: acceptedExample } }),
  'Location',
  'Preference-Applied',
);
