import type { ChannelName, Lane } from '../channels/channel.ts';
import { GatewayError, invalidRequest } from '../kernel/errors.ts';
import { type Caller, DEFAULT_ACCOUNT, type MessageChannel, mayUseAlias, mayUseChannel } from './caller.ts';
import type { Directory, StreamEntry } from './directory.ts';
import { isStreamId, looksLikeAlias, STREAM_ID_RULE } from './stream-id.ts';

/** Where one message goes. Fixed when it is accepted. */
export interface ResolvedStream {
  /** Null for a raw id. */
  readonly alias: string | null;
  readonly channel: MessageChannel;
  readonly id: string;
  readonly account: string;
  /** Request fields to assume where the request has none. Empty at the drop-in door. */
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly lane: Lane | undefined;
  readonly ttlHours: number | undefined;
}

/** How a request of `/v1` names its stream. Both members take an alias or a CommBox id; an alias wins. */
export interface StreamChoice {
  readonly stream?: string | undefined;
  readonly streamId?: string | undefined;
}

const MOST_LISTED = 20;

/**
 * The stream that a request to `/v1/{channel}` means; with none named, the alias called like the channel.
 *
 * @throws GatewayError `invalid_request` if both members are given or the text cannot be an id,
 * `stream_not_configured` (listing what this caller can use) for an unknown alias, one of another channel, or no
 * default, `forbidden` if channel, stream or raw ids are closed to the caller.
 */
export function resolveStream(
  directory: Directory,
  caller: Caller,
  channel: ChannelName,
  choice: StreamChoice,
): ResolvedStream {
  if (choice.stream !== undefined && choice.streamId !== undefined) {
    throw invalidRequest([{ pointer: '/streamId', message: 'must not stand beside "stream": give one of the two' }]);
  }
  requireChannel(caller, channel);

  const pointer = choice.streamId === undefined ? '/stream' : '/streamId';
  const text = choice.stream ?? choice.streamId;
  const entry =
    directory.byAlias(text ?? channel) ?? (text === undefined ? null : entryWithId(directory, text, channel, pointer));
  if (entry !== null) {
    if (entry.channel !== channel) throw notConfigured('is a stream of another channel');
    return requireAlias(caller, entry, pointer);
  }
  if (text === undefined) throw notConfigured(`is missing, and no stream "${channel}" is configured as the default`);
  if (!isStreamId(text))
    throw invalidRequest([{ pointer, message: `must be an alias or a CommBox id: ${STREAM_ID_RULE}` }]);
  if (pointer === '/stream' && looksLikeAlias(text)) {
    throw notConfigured('is no configured alias (a CommBox id of this form goes in "streamId")');
  }
  return rawStream(caller, text, directory.snapshot().rawDefaults, pointer);

  function notConfigured(what: string): GatewayError {
    const available = aliasesOf(directory, caller, channel);
    const list = available.length === 0 ? 'none' : available.slice(0, MOST_LISTED).join(', ');
    const more = available.length > MOST_LISTED ? ` and ${available.length - MOST_LISTED} more` : '';
    const message = `${what}; available to this caller for ${channel}: ${list}${more}`;
    return new GatewayError('stream_not_configured', `${pointer}: ${message}`, { faults: [{ pointer, message }] });
  }
}

/**
 * The stream that the drop-in door's path names. A CommBox id that an alias has is that alias: its account, channel,
 * lane and permission. Its defaults do not hold here, since the body goes on as it came.
 *
 * @throws GatewayError `invalid_request` for an id that cannot be one path segment, or that several accounts have;
 * `forbidden` if channel, stream or raw ids are closed to the caller.
 */
export function resolveRawId(directory: Directory, caller: Caller, streamId: string): ResolvedStream {
  const entry = entryWithId(directory, streamId, null, null);
  if (entry !== null) {
    requireChannel(caller, entry.channel);
    return { ...requireAlias(caller, entry, null), defaults: {} };
  }
  if (!isStreamId(streamId)) throw new GatewayError('invalid_request', `The stream id must be ${STREAM_ID_RULE}.`);
  return rawStream(caller, streamId, {}, null);
}

/** The aliases of one channel that a caller may use, sorted. */
export function aliasesOf(directory: Directory, caller: Caller, channel: ChannelName): string[] {
  return directory
    .snapshot()
    .streams.filter((stream) => stream.channel === channel && mayUseAlias(caller, stream.alias))
    .map((stream) => stream.alias)
    .sort();
}

// The same number can be a stream in several accounts. A stream of the wanted channel is preferred, then the default
// account, where raw ids go otherwise; what is still ambiguous is not guessed.
function entryWithId(
  directory: Directory,
  id: string,
  channel: ChannelName | null,
  pointer: string | null,
): StreamEntry | null {
  const entries = directory.byId(id);
  const fitting = channel === null ? [] : entries.filter((entry) => entry.channel === channel);
  const candidates = fitting.length > 0 ? fitting : entries;
  const inDefault = candidates.find((entry) => entry.account === DEFAULT_ACCOUNT);
  if (inDefault === undefined && candidates.length > 1) {
    const message = 'several accounts have a stream with this id: use its alias';
    throw new GatewayError('invalid_request', message, pointer === null ? {} : { faults: [{ pointer, message }] });
  }
  return inDefault ?? candidates[0] ?? null;
}

function requireChannel(caller: Caller, channel: MessageChannel): void {
  if (!mayUseChannel(caller, channel)) throw forbidden(`The channel ${channel} is not open to this caller.`, null);
}

function requireAlias(caller: Caller, entry: StreamEntry, pointer: string | null): ResolvedStream {
  if (!mayUseAlias(caller, entry.alias)) {
    throw forbidden(`The stream "${entry.alias}" is not open to this caller.`, pointer);
  }
  return entry;
}

function rawStream(
  caller: Caller,
  id: string,
  defaults: Readonly<Record<string, unknown>>,
  pointer: string | null,
): ResolvedStream {
  if (!caller.rawIds) {
    throw forbidden('CommBox ids without an alias are not open to this caller: its streams need "*".', pointer);
  }
  if (!mayUseChannel(caller, 'raw')) {
    throw forbidden('CommBox ids without an alias are not open to this caller: its channels lack "raw".', pointer);
  }
  const place = { alias: null, channel: 'raw', id, account: DEFAULT_ACCOUNT } as const;
  return { ...place, defaults, lane: undefined, ttlHours: undefined };
}

function forbidden(detail: string, pointer: string | null): GatewayError {
  return new GatewayError('forbidden', detail, pointer === null ? {} : { faults: [{ pointer, message: detail }] });
}
