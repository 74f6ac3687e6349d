import Type, { type Static, type TObject } from 'typebox';
import { DEFAULT_ACCOUNT } from '../access/caller.ts';
import type { StreamEntry } from '../access/directory.ts';
import { ALIAS_RULE, isAliasName, isStreamId, STREAM_ID_RULE } from '../access/stream-id.ts';
import { type ChannelName, channelNames, lanes } from '../channels/channel.ts';
import { streamDefaultsSchema } from '../channels/defaults.ts';
import { pointerTo } from '../kernel/pointer.ts';
import type { EntryReader, Section } from './gateway-file.ts';
import type { PresetJudge } from './presets.ts';
import { listed, type Problems, pathOf } from './problems.ts';

/** A stream and the place that defines it, for messages about two that collide. */
interface Definition {
  readonly at: string;
  readonly stream: StreamEntry;
}

const place = {
  channel: Type.Enum([...channelNames]),
  id: Type.Union([Type.String(), Type.Integer()]),
  account: Type.Optional(Type.String()),
  lane: Type.Optional(Type.Enum([...lanes])),
  ttlHours: Type.Optional(Type.Number({ minimum: 0.01, maximum: 8760 })),
};
const placeSchema = Type.Object(place);
type Place = Static<typeof placeSchema>;

/** The streams that `COMMBOX_*_STREAM` define: each is the alias that its channel is called, in the default account. */
export function environmentStreams(ids: Readonly<Record<ChannelName, string | null>>): Definition[] {
  return channelNames.flatMap((channel) => {
    const id = ids[channel];
    if (id === null) return [];
    const stream = { alias: channel, channel, id, account: DEFAULT_ACCOUNT, defaults: {} } as const;
    return [
      { at: `COMMBOX_${channel.toUpperCase()}_STREAM`, stream: { ...stream, lane: undefined, ttlHours: undefined } },
    ];
  });
}

interface FileContext {
  /** The names that exist. */
  readonly accounts: ReadonlySet<string>;
  readonly reader: EntryReader;
  readonly presetFaults: PresetJudge;
}

/** The streams of the YAML file that have a channel and an id. Usable only if no problem was added. */
export function fileStreams(
  section: Section,
  { accounts, reader, presetFaults }: FileContext,
  problems: Problems,
): Definition[] {
  const schemas = createSchemas();
  const streams: Definition[] = [];
  for (const [alias, entry] of section) {
    const at = pathOf('streams', pointerTo('', alias));
    if (!isAliasName(alias)) problems.add(at, `is not a usable alias; allowed: ${ALIAS_RULE}`);
    const channel = channelOf(entry);
    const { fields } = reader.read(channel === null ? placeSchema : schemas(channel), entry, at);
    const { channel: _, id, account = DEFAULT_ACCOUNT, lane, ttlHours, ...defaults }: Partial<Place> = fields;
    if (channel === null || id === undefined) continue;
    if (!isStreamId(String(id))) problems.add(`${at}.id`, `is not a CommBox stream id; allowed: ${STREAM_ID_RULE}`);
    if (!accounts.has(account)) {
      problems.add(`${at}.account`, `is no configured account; allowed: ${listed(accounts)}`);
    }
    for (const { pointer, message } of presetFaults(channel, defaults)) problems.add(pathOf(at, pointer), message);
    streams.push({ at, stream: { alias, channel, id: String(id), account, defaults, lane, ttlHours } });
  }
  return streams;
}

/** Reports what does not fit together: one alias or one CommBox id twice, and names that hide something else. */
export function checkStreams(definitions: readonly Definition[], problems: Problems): void {
  const aliases = new Map<string, string>();
  const places = new Map<string, string>();
  const ids = new Set(definitions.map(({ stream }) => stream.id));

  for (const { at, stream } of definitions) {
    const { alias, channel, account, id } = stream;
    const sameAlias = aliases.get(alias);
    if (sameAlias !== undefined) problems.add(at, `defines the alias "${alias}", and so does ${sameAlias}; keep one`);
    aliases.set(alias, sameAlias ?? at);

    const key = JSON.stringify([account, id]);
    const samePlace = places.get(key);
    // A raw id stands for the alias that has it, so the alias must be one.
    if (samePlace !== undefined) problems.add(at, `has the same id and account as ${samePlace}; keep one`);
    places.set(key, samePlace ?? at);

    if (ids.has(alias)) problems.add(at, 'is an alias that would hide the CommBox id of the same text; rename it');
    if (channelNames.includes(alias as ChannelName) && alias !== channel) {
      problems.add(at, `is the alias for the default of channel ${alias}; its channel must be ${alias}`);
    }
  }
}

function channelOf(entry: unknown): ChannelName | null {
  const name = typeof entry === 'object' && entry !== null && 'channel' in entry ? entry.channel : null;
  return channelNames.find((channel) => channel === name) ?? null;
}

// One schema per channel for everything an entry may hold, so that the list of allowed fields is complete.
function createSchemas(): (channel: ChannelName) => TObject {
  const schemas = new Map<ChannelName, TObject>();
  return (channel) => {
    const known = schemas.get(channel);
    if (known !== undefined) return known;
    const properties = { ...streamDefaultsSchema(channel).properties, ...place };
    const schema = Type.Object(properties, { additionalProperties: false });
    schemas.set(channel, schema);
    return schema;
  };
}
