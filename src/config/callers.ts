import Type, { type Static } from 'typebox';
import { type Caller, DEFAULT_CALLER, messageChannels, type RateLimit } from '../access/caller.ts';
import type { CallerEntry } from '../access/directory.ts';
import { impliedLane, isHigher } from '../access/lane.ts';
import { lanes } from '../channels/channel.ts';
import { pointerTo } from '../kernel/pointer.ts';
import type { EntryReader, Section } from './gateway-file.ts';
import { isName, NAME_RULE } from './names.ts';
import { listed, type Problems, pathOf } from './problems.ts';

const KEY = /^sha256:[0-9a-fA-F]{64}$/;
const KEY_RULE = '"sha256:" and 64 hex digits, as `keys new` prints it (the hash, never the key itself)';
const MINUTE_SECONDS = 60;
const EVERYTHING = '*';
export const CRITICAL_SHARE = 0.5;

const lane = Type.Enum([...lanes]);
const callerSchema = Type.Object(
  {
    keys: Type.Optional(Type.Array(Type.String())),
    channels: Type.Optional(Type.Array(Type.Enum([...messageChannels]))),
    streams: Type.Optional(Type.Array(Type.String())),
    lane: Type.Optional(lane),
    defaultLane: Type.Optional(lane),
    weight: Type.Optional(Type.Number({ minimum: 0.01, maximum: 1000 })),
    criticalShare: Type.Optional(Type.Number({ minimum: 0.01, maximum: 1 })),
    rateLimit: Type.Optional(
      Type.Object(
        {
          max: Type.Integer({ minimum: 0, maximum: 10_000_000 }),
          windowSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 3600 })),
        },
        { additionalProperties: false },
      ),
    ),
    admin: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
type CallerFields = Partial<Static<typeof callerSchema>>;

/** What judging the callers takes from the rest of the configuration. */
export interface CallerContext {
  readonly aliases: ReadonlySet<string>;
  /** Limit of a caller whose entry says nothing. */
  readonly rateLimit: RateLimit | null;
  /** Digest of `GATEWAY_API_KEY`, if that is set. */
  readonly gatewayKeyDigest: string | null;
  readonly authOff: boolean;
  /** Something that says who may call could not be read, so that nobody can tell whether a caller is missing. */
  readonly unclear: boolean;
}

/** Requests per minute as a limit; 0 = none. */
export function perMinute(max: number): RateLimit | null {
  return max === 0 ? null : { max, windowSeconds: MINUTE_SECONDS };
}

/** The caller that may do everything: the one of `GATEWAY_API_KEY`, or everyone's under `GATEWAY_AUTH=off`. */
export function defaultCaller(rateLimit: RateLimit | null): Caller {
  const rights = { admin: true, channels: 'all', streams: 'all', rawIds: true } as const;
  const share = { weight: 1, criticalShare: CRITICAL_SHARE };
  return { name: DEFAULT_CALLER, ...rights, highestLane: 'critical', defaultLane: 'normal', ...share, rateLimit };
}

/** The callers of the YAML file and of `GATEWAY_API_KEY`. Usable only if no problem was added. */
export function readCallers(
  section: Section,
  context: CallerContext,
  reader: EntryReader,
  problems: Problems,
): CallerEntry[] {
  const { gatewayKeyDigest, rateLimit, authOff } = context;
  const owners = new Map<string, string>();
  const callers: CallerEntry[] = [];
  if (gatewayKeyDigest !== null) {
    owners.set(gatewayKeyDigest, 'GATEWAY_API_KEY');
    callers.push({ caller: defaultCaller(rateLimit), keyDigests: [gatewayKeyDigest] });
  }

  for (const [name, entry] of section) {
    const at = pathOf('callers', pointerTo('', name));
    if (!isName(name)) problems.add(at, `is not a usable name; allowed: ${NAME_RULE}`);
    if (name === DEFAULT_CALLER && gatewayKeyDigest !== null) {
      problems.add(at, 'is the caller of GATEWAY_API_KEY, which is set; keep one of the two');
    }
    const { fields, faulty } = reader.read(callerSchema, entry, at);
    const keyless = faulty('keys') || (authOff && name === DEFAULT_CALLER);
    const keyDigests = readKeys(fields.keys ?? [], at, keyless, owners, problems);
    callers.push({ caller: toCaller(name, fields, at, context, problems), keyDigests });
  }
  if (section.length === 0 && callers.length === 0 && !authOff && !context.unclear) {
    problems.add('GATEWAY_API_KEY', 'no caller is configured; allowed: this key, or callers in the YAML file');
  }
  return callers;
}

function readKeys(
  keys: readonly string[],
  at: string,
  keyless: boolean,
  owners: Map<string, string>,
  problems: Problems,
): string[] {
  if (keys.length === 0 && !keyless) problems.add(`${at}.keys`, `must list at least one key; allowed: ${KEY_RULE}`);
  return keys.map((key, index) => {
    const place = `${at}.keys[${index}]`;
    const digest = key.slice(key.indexOf(':') + 1).toLowerCase();
    if (!KEY.test(key)) {
      problems.add(place, `is not allowed; allowed: ${KEY_RULE}`);
      return '';
    }
    const owner = owners.get(digest);
    if (owner !== undefined) problems.add(place, `is the same key as ${owner}; every key belongs to one caller, once`);
    owners.set(digest, owner ?? place);
    return digest;
  });
}

function toCaller(name: string, fields: CallerFields, at: string, context: CallerContext, problems: Problems): Caller {
  const { channels, streams, lane: highestLane = 'normal', weight = 1, rateLimit, admin = false } = fields;
  const { defaultLane = impliedLane(highestLane), criticalShare = CRITICAL_SHARE } = fields;
  if (isHigher(defaultLane, highestLane)) {
    problems.add(`${at}.defaultLane`, `is above the highest lane of this caller; allowed: ${highestLane} or lower`);
  }
  streams?.forEach((alias, index) => {
    if (alias === EVERYTHING || context.aliases.has(alias)) return;
    const known = listed(context.aliases) || 'none is configured';
    problems.add(`${at}.streams[${index}]`, `is no configured alias; allowed: "*", or one of: ${known}`);
  });
  const rawIds = streams?.includes(EVERYTHING) ?? false;

  return {
    name,
    admin,
    channels: channels === undefined ? 'all' : new Set(channels),
    streams: streams === undefined || rawIds ? 'all' : new Set(streams),
    rawIds,
    highestLane,
    defaultLane,
    weight,
    criticalShare,
    rateLimit:
      rateLimit === undefined
        ? context.rateLimit
        : rateLimit.max === 0
          ? null
          : { max: rateLimit.max, windowSeconds: rateLimit.windowSeconds ?? MINUTE_SECONDS },
  };
}
