import type { CountryCode } from 'libphonenumber-js';
import { inlineFaults } from '../attachments/base64.ts';
import type { ChannelName } from '../channels/channel.ts';
import { channels } from '../channels/list.ts';
import { createPreparer } from '../channels/prepare.ts';
import type { Fault } from '../kernel/errors.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What is wrong with the fields that a stream presets, whatever its requests say beside them. */
export type PresetJudge = (channel: ChannelName, presets: Fields) => readonly Fault[];

/**
 * Judges presets as requests are judged: beside the examples of their channel. Presets that every request would be
 * refused for are an error of the configuration, and not one of the callers who get the refusals. Times are left out,
 * since a fixed `expiresAt` must not keep the gateway from starting once it is over.
 */
export function createPresetJudge(defaultCountry: CountryCode | undefined): PresetJudge {
  const prepare = createPreparer({ defaultCountry });
  return (channel, presets) => {
    const [first = [], ...others] = channels[channel].examples.map(({ request }) => {
      const rest = Object.entries(request).filter(([name]) => !Object.hasOwn(presets, name));
      const prepared = prepare(channel, Object.fromEntries(rest), presets);
      const faults = prepared.ok ? inlineFaults(prepared.mapped.attachments) : prepared.faults;
      return faults.filter(({ pointer }) => Object.hasOwn(presets, pointer.split('/')[1] ?? ''));
    });
    // What only some examples run into is a matter of the request.
    const isEverywhere = ({ pointer }: Fault) =>
      others.every((faults) => faults.some((one) => one.pointer === pointer));
    return first.filter(isEverywhere);
  };
}
