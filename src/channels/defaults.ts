import Type, { type TObject, type TSchema } from 'typebox';
import type { ChannelName } from './channel.ts';
import { strictObject } from './fields.ts';
import { channels } from './list.ts';

/** What a configured stream may preset: every field of its channel, all optional, but those that choose a stream. */
export function streamDefaultsSchema(channel: ChannelName): TObject {
  const { stream: _stream, streamId: _streamId, ...fields } = channels[channel].schema.properties;
  const optional: Record<string, TSchema> = {};
  for (const [name, field] of Object.entries(fields)) optional[name] = Type.Optional(field);
  return strictObject(optional);
}
