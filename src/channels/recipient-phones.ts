import Type from 'typebox';
import type { MapContext } from './channel.ts';
import { phone } from './fields.ts';
import { readPhone } from './phones.ts';

const MOST = 1000;

/** `to` of SMS and WhatsApp: one number, or a list, which even with one number is a list. */
export const phoneOrList = Type.Union(
  [phone('A phone number with country code.'), Type.Array(phone('As above.'), { minItems: 1, maxItems: MOST })],
  { description: `A phone number, or a list of 1 to ${MOST}.` },
);

/** A recipient's number as CommBox takes it; reports a fault and gives '' for what is none. */
export function mapPhoneTo(text: string, pointer: string, context: MapContext): string {
  const reading = readPhone(text, context.defaultCountry);
  if ('digits' in reading) return reading.digits;
  context.fault(pointer, reading.problem);
  return '';
}

/** The same for each number of a list. */
export function mapPhoneList(list: readonly string[], context: MapContext): string[] {
  return list.map((text, index) => mapPhoneTo(text, `/to/${index}`, context));
}
