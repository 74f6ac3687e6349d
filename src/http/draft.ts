import type { Allowlist } from '../access/allowlist.ts';
import type { Caller } from '../access/caller.ts';
import type { Directory } from '../access/directory.ts';
import { resolveLane } from '../access/lane.ts';
import { type ResolvedStream, resolveStream, type StreamChoice } from '../access/streams.ts';
import type { ChannelName, Lane, MappedMessage } from '../channels/channel.ts';
import type { Prepared } from '../channels/prepare.ts';
import type { Draft } from '../delivery/message.ts';
import type { Clock } from '../kernel/clock.ts';
import { type Fault, GatewayError, invalidRequest } from '../kernel/errors.ts';
import { ownFaults, possibleDefaults, withFurther, withLaterFaults } from './draft-faults.ts';
import type { Preferences } from './prefer.ts';
import { readTimes, timeFaults } from './times.ts';

/** A draft before it is known whether files go with it. */
export type OpenDraft = Omit<Draft, 'payload' | 'requestId' | 'traceparent'>;

export interface ChannelDraft {
  readonly draft: OpenDraft;
  readonly mapped: MappedMessage;
}

export interface DraftOptions {
  readonly directory: Directory;
  readonly allowlist: Allowlist;
  readonly prepare: (channel: ChannelName, body: unknown, defaults: Readonly<Record<string, unknown>>) => Prepared;
  readonly clock: Clock;
  /** Patience of a request that states none. */
  readonly syncWaitMs: number;
  /** `MESSAGE_TTL_HOURS`. */
  readonly defaultTtlHours: number;
}

/** Turns the JSON of a request to `/v1/{channel}` into a draft, or throws what is wrong with it. */
export type DraftReader = (
  caller: Caller,
  channel: ChannelName,
  body: unknown,
  preferences: Preferences,
) => ChannelDraft;

/** @throws (the reader) GatewayError for everything that section "Sending" calls an error. */
export function createDraftReader(options: DraftOptions): DraftReader {
  const { directory, allowlist, prepare, clock } = options;

  return (caller, channel, body, preferences) => {
    const now = clock.now();
    const stream = streamOf(caller, channel, body, now);
    const prepared = prepare(channel, body, stream.defaults);
    const faults = prepared.ok ? timeFaults(prepared.request, now) : prepared.faults;
    if (!prepared.ok || faults.length > 0) throw invalidRequest(withLaterFaults(faults, body, stream.defaults, now));
    const { request, mapped } = prepared;
    const lane = resolveLane(caller, stream, request.lane);
    allowlist.check(mapped.recipients);
    const patienceMs = preferences.waitMs ?? options.syncWaitMs;
    const times = readTimes(request, now, stream.ttlHours ?? options.defaultTtlHours);
    // What cannot start within its caller's patience is not waited for.
    const isAsync = preferences.respondAsync || (times.sendAt !== null && times.sendAt > now + patienceMs);
    const draft: OpenDraft = {
      ...placeOf(caller, stream, lane),
      mode: isAsync ? 'async' : 'sync',
      sendsToClient: mapped.object['sendToClient'] === true,
      reference: request.reference ?? null,
      sendAt: times.sendAt,
      expiresAt: times.expiresAt,
      onUnknown: request.onUnknown ?? 'hold',
      patienceEndsAt: isAsync ? Number.POSITIVE_INFINITY : now + patienceMs,
      resendOf: null,
      keepsRawAnswer: false,
    };
    return { draft, mapped };
  };

  /** A stream that cannot be found is one fault of a request, and does not hide the others. */
  function streamOf(caller: Caller, channel: ChannelName, body: unknown, now: number): ResolvedStream {
    const choice = streamChoice(body);
    if (choice === null) throw invalidRequest(faultsBeside(channel, body, now));
    try {
      return resolveStream(directory, caller, channel, choice);
    } catch (error) {
      if (!(error instanceof GatewayError) || error.status !== 400) throw error;
      throw withFurther(error, faultsBeside(channel, body, now));
    }
  }

  /** What else is wrong with a body of which it is open where it is to go. */
  function faultsBeside(channel: ChannelName, body: unknown, now: number): Fault[] {
    const defaults = possibleDefaults(directory, channel);
    const prepared = prepare(channel, body, defaults);
    return ownFaults(prepared.ok ? [] : prepared.faults, body, defaults, now);
  }
}

/** The members of a draft that follow from who sends where. */
export function placeOf(caller: Caller, stream: ResolvedStream, lane: Lane) {
  return {
    caller: caller.name,
    channel: stream.channel,
    stream: stream.alias,
    streamId: stream.id,
    account: stream.account,
    lane,
  };
}

/** Read before validation, since the stream's defaults are part of what is validated. Null if that will fail on it. */
function streamChoice(body: unknown): StreamChoice | null {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return null;
  const { stream, streamId } = body as Record<string, unknown>;
  if (!isTextOrAbsent(stream) || !isTextOrAbsent(streamId)) return null;
  return { stream, streamId };
}

function isTextOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}
