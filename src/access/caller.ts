import { type ChannelName, channelNames, type Lane } from '../channels/channel.ts';

/** What a message is counted as: the channel of its stream, or `raw` where only a CommBox id is known. */
export type MessageChannel = ChannelName | 'raw';

/** Every channel that a caller's `channels` may list. */
export const messageChannels: readonly MessageChannel[] = [...channelNames, 'raw'];

/** The account that `COMMBOX_API_URL` and `COMMBOX_API_KEY` describe, and that every other raw id goes to. */
export const DEFAULT_ACCOUNT = 'default';

/** The caller that `GATEWAY_API_KEY` opens, and that every request is under `GATEWAY_AUTH=off`. */
export const DEFAULT_CALLER = 'default';

/** An internal service and what it may do. Immutable: a reload makes new ones. */
export interface Caller {
  readonly name: string;
  /** Sees and steers the messages of every caller. */
  readonly admin: boolean;
  readonly channels: ReadonlySet<MessageChannel> | 'all';
  /** Aliases; `all` means those configured at the moment of the request. */
  readonly streams: ReadonlySet<string> | 'all';
  /** Whether CommBox ids without an alias are open to it (`"*"` in `streams`). */
  readonly rawIds: boolean;
  /** The highest lane it may ask for. A stream's own lane is the operator's choice and may be higher. */
  readonly highestLane: Lane;
  readonly defaultLane: Lane;
  /** Share of a scarce quota, relative to the other callers'. */
  readonly weight: number;
  /** Share of an account's slots (above 0, at most 1) up to which its `critical` messages go before the others. */
  readonly criticalShare: number;
  readonly rateLimit: RateLimit | null;
}

/** At most `max` requests in a window of `windowSeconds`. */
export interface RateLimit {
  readonly max: number;
  readonly windowSeconds: number;
}

/** Whether this caller may send what counts as `channel`. */
export function mayUseChannel(caller: Caller, channel: MessageChannel): boolean {
  return caller.channels === 'all' || caller.channels.has(channel);
}

/** Whether this caller may send to the stream with this alias. */
export function mayUseAlias(caller: Caller, alias: string): boolean {
  return caller.streams === 'all' || caller.streams.has(alias);
}
