import { hash } from 'node:crypto';
import type { CountryCode } from 'libphonenumber-js';
import { DEFAULT_ACCOUNT, DEFAULT_CALLER } from '../access/caller.ts';
import type { DirectorySnapshot } from '../access/directory.ts';
import type { ChannelName } from '../channels/channel.ts';
import { type AccountDefaults, type AccountEntry, readAccounts } from './accounts.ts';
import { defaultCaller, perMinute, readCallers } from './callers.ts';
import { createEntryReader, readGatewayFile } from './gateway-file.ts';
import { createPresetJudge } from './presets.ts';
import type { Problems } from './problems.ts';
import type { Secret } from './secret.ts';
import { checkStreams, environmentStreams, fileStreams } from './streams.ts';

/** The part of the environment that callers, streams and accounts build on. The same at every reload. */
export interface DirectoryEnvironment {
  /** Path of the YAML file, for messages. */
  readonly fileName: string;
  readonly streamIds: Readonly<Record<ChannelName, string | null>>;
  readonly managerId: string | null;
  readonly defaultCountry: CountryCode | undefined;
  readonly gatewayKey: Secret | null;
  readonly authOff: boolean;
  /** Requests per minute of a caller whose entry says nothing; 0 = no limit. */
  readonly rateLimitMax: number;
  readonly accountDefaults: AccountDefaults;
}

export interface LoadedDirectory {
  readonly directory: DirectorySnapshot;
  /** The accounts beside the default one. */
  readonly accounts: readonly AccountEntry[];
}

/**
 * Callers, streams and accounts from the text of the YAML file ('' if there is none), usable only if no problem was added.
 * Reads nothing, so that a reload can judge a new text before anything changes.
 */
export function readDirectory(text: string, environment: DirectoryEnvironment, problems: Problems): LoadedDirectory {
  const { gatewayKey, authOff, managerId } = environment;
  const reader = createEntryReader(problems);
  const file = readGatewayFile(text, environment.fileName, problems);
  const accounts = readAccounts(file.accounts, environment.accountDefaults, reader, problems);
  // An account whose entry has a problem of its own still exists for the streams that name it.
  const accountNames = new Set([DEFAULT_ACCOUNT, ...file.accounts.map(([name]) => name)]);

  const presetFaults = createPresetJudge(environment.defaultCountry);
  const definitions = [
    ...environmentStreams(environment.streamIds),
    ...fileStreams(file.streams, { accounts: accountNames, reader, presetFaults }, problems),
  ];
  checkStreams(definitions, problems);
  const rawDefaults = managerId === null ? {} : { managerId };
  const streams = definitions.map(({ stream }) => ({ ...stream, defaults: { ...rawDefaults, ...stream.defaults } }));

  const rateLimit = perMinute(environment.rateLimitMax);
  const gatewayKeyDigest = gatewayKey === null ? null : hash('sha256', gatewayKey.value());
  const aliases = new Set([...definitions.map(({ stream }) => stream.alias), ...file.streams.map(([alias]) => alias)]);
  const unclear = problems.concerns('GATEWAY_') || problems.concerns(environment.fileName);
  const context = { aliases, rateLimit, gatewayKeyDigest, authOff, unclear };
  const callers = readCallers(file.callers, context, reader, problems);
  const named = callers.find(({ caller }) => caller.name === DEFAULT_CALLER)?.caller;
  const anonymous = authOff ? (named ?? defaultCaller(rateLimit)) : null;

  return { directory: { callers, streams, rawDefaults, anonymous }, accounts };
}
