import Type, { type TUnsafe } from 'typebox';
import { lanes } from '../../channels/channel.ts';
import { messageStates } from '../../store/message-row.ts';

/** A time as answers write it: UTC, with milliseconds. */
export const time = (description: string) => Type.String({ format: 'date-time', description });

/** A member that is always there, and null where there is nothing to say. */
export function nullable(type: 'string', schema: { readonly description: string; readonly format?: string }) {
  return Type.Unsafe<string | null>({ type: [type, 'null'], ...schema });
}

/** The same for a time. */
export const timeOrNull = (description: string) => nullable('string', { format: 'date-time', description });

/** The same for a count. */
export const countOrNull = (description: string) =>
  Type.Unsafe<number | null>({ type: ['integer', 'null'], minimum: 0, description });

/** One of these texts. */
export function oneOf<const Value extends string>(values: readonly Value[], description: string): TUnsafe<Value> {
  return Type.Unsafe<Value>({ type: 'string', enum: [...values], description });
}

/** One of these texts, or null. */
export function oneOfOrNull<const Value extends string>(values: readonly Value[], description: string) {
  return Type.Unsafe<Value | null>({ type: ['string', 'null'], enum: [...values, null], description });
}

export const messageId = Type.String({ pattern: '^msg_[0-9A-Z]{26}$', description: 'Id of the message.' });
export const state = oneOf(messageStates, 'State of the message.');
export const lane = oneOf(lanes, 'Priority class.');
