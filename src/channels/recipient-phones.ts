import Type from 'typebox';
import type { MapContext } from './channel.ts';
import { type CommonRequest, phone } from './fields.ts';
import { type CustomerPhone, readPhone } from './phones.ts';
import { addStatedRecipients } from './recipients.ts';

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

/** Of a message to several numbers: the identity under which CommBox files it, and all whom it may reach. */
export function mapAddressees(request: CommonRequest, numbers: readonly string[], customer: CustomerPhone | undefined) {
  const recipients = [...numbers];
  const own = request.identity === undefined ? customer?.international : undefined;
  if (own !== undefined) recipients.push(own);
  addStatedRecipients(recipients, request);
  return { identity: request.identity ?? own ?? numbers[0] ?? '', recipients };
}
