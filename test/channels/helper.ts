import type { CountryCode } from 'libphonenumber-js';
import type { ChannelName, CommboxObject, MappedMessage } from '../../src/channels/channel.ts';
import { createPreparer } from '../../src/channels/prepare.ts';
import { parseExact } from '../../src/kernel/exact-json.ts';

export type Body = Record<string, unknown>;

/** The least that each channel takes. */
export const least = {
  email: { to: 'a@example.com', subject: 'Hi', text: 'hello' },
  sms: { to: '+972544444444', text: 'hello' },
  whatsapp: { to: '+972544444444', text: 'hello', template: { name: 'welcome', language: 'en' } },
  chat: { to: '+972544444444', text: 'hello' },
} as const satisfies Record<ChannelName, Body>;

const preparers = new Map<CountryCode | undefined, ReturnType<typeof createPreparer>>();

/** Prepares the least request of a channel with some changes, through JSON as a caller sends it. */
export function prepare(channel: ChannelName, change: Body = {}, country?: CountryCode, defaults: Body = {}) {
  const preparer = preparers.get(country) ?? createPreparer({ defaultCountry: country });
  preparers.set(country, preparer);
  return preparer(channel, parseExact(JSON.stringify({ ...least[channel], ...change })), defaults);
}

/** What a valid request became. */
export function mapped(
  channel: ChannelName,
  change: Body = {},
  country?: CountryCode,
  defaults: Body = {},
): MappedMessage {
  const prepared = prepare(channel, change, country, defaults);
  if (!prepared.ok) throw new Error(`refused: ${JSON.stringify(prepared.faults)}`);
  return prepared.mapped;
}

/** The object of a valid request, as CommBox reads it. */
export function objectOf(channel: ChannelName, change: Body = {}, country?: CountryCode): CommboxObject {
  return JSON.parse(JSON.stringify(mapped(channel, change, country).object)) as CommboxObject;
}

/** The faults of an invalid request by pointer; empty for a valid one. */
export function faultsOf(channel: ChannelName, change: Body = {}, country?: CountryCode, defaults: Body = {}) {
  const prepared = prepare(channel, change, country, defaults);
  const faults = prepared.ok ? [] : prepared.faults;
  return Object.fromEntries(faults.map(({ pointer, message }) => [pointer, message]));
}
