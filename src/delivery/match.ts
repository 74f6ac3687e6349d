import type { ListFilter } from '../store/requests.ts';
import type { Message } from './message.ts';

/** Whether a message matches a filter, by the rules that a store lists by. */
export function isMatch(message: Message, filter: ListFilter): boolean {
  const { states, channel, stream, reference, caller, from, to } = filter;
  return (
    states?.includes(message.state) !== false &&
    (channel ?? message.channel) === message.channel &&
    (stream ?? nameOf(message)) === nameOf(message) &&
    (reference ?? message.reference) === message.reference &&
    (caller ?? message.caller) === message.caller &&
    (from ?? message.createdAt) <= message.createdAt &&
    (to === undefined || message.createdAt < to)
  );
}

const nameOf = ({ stream, streamId }: Message) => stream ?? streamId;
