import { hash, timingSafeEqual } from 'node:crypto';
import type { ChannelName, Lane } from '../channels/channel.ts';
import type { Caller } from './caller.ts';

/** A configured stream: an alias for one CommBox channel instance in one account. */
export interface StreamEntry {
  readonly alias: string;
  readonly channel: ChannelName;
  readonly id: string;
  readonly account: string;
  /** Request fields that a request of `/v1` may leave out. */
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly lane: Lane | undefined;
  readonly ttlHours: number | undefined;
}

/** A caller and the SHA-256 digests (64 lower-case hex digits) of the keys that open it. */
export interface CallerEntry {
  readonly caller: Caller;
  readonly keyDigests: readonly string[];
}

/** Who may call and where messages can go, as one configuration states it. Aliases, names and digests are unique. */
export interface DirectorySnapshot {
  readonly callers: readonly CallerEntry[];
  readonly streams: readonly StreamEntry[];
  /** Request fields that hold for raw ids named at `/v1`, which have no entry of their own. */
  readonly rawDefaults: Readonly<Record<string, unknown>>;
  /** Whom a request without a key is, when `GATEWAY_AUTH=off`. */
  readonly anonymous: Caller | null;
}

export interface Directory {
  /** The caller whose key this is. Takes the same time whatever part of a wrong key is right. */
  authenticate(key: string): Caller | null;
  anonymous(): Caller | null;
  caller(name: string): Caller | null;
  byAlias(alias: string): StreamEntry | null;
  /** Every configured stream with this CommBox id; more than one only across accounts. */
  byId(id: string): readonly StreamEntry[];
  snapshot(): DirectorySnapshot;
  /** Swaps everything at once: no lookup ever sees half of an old and half of a new configuration. */
  replace(snapshot: DirectorySnapshot): void;
}

interface Credential {
  readonly digest: Buffer;
  readonly caller: Caller;
}

/** The directory that a running gateway asks; see `replace` for reloading it. */
export function createDirectory(snapshot: DirectorySnapshot): Directory {
  let index = createIndex(snapshot);

  return {
    authenticate(key) {
      const digest = hash('sha256', key);
      const credential = index.credentials.get(digest);
      // The map compares digests, about which a caller can steer nothing byte by byte; the confirmation takes
      // constant time all the same.
      if (credential === undefined || !timingSafeEqual(Buffer.from(digest, 'latin1'), credential.digest)) return null;
      return credential.caller;
    },
    anonymous: () => index.snapshot.anonymous,
    caller: (name) => index.callers.get(name) ?? null,
    byAlias: (alias) => index.aliases.get(alias) ?? null,
    byId: (id) => index.ids.get(id) ?? [],
    snapshot: () => index.snapshot,
    replace(next) {
      index = createIndex(next);
    },
  };
}

function createIndex(snapshot: DirectorySnapshot) {
  const credentials = new Map<string, Credential>();
  const callers = new Map<string, Caller>();
  for (const { caller, keyDigests } of snapshot.callers) {
    callers.set(caller.name, caller);
    for (const digest of keyDigests) credentials.set(digest, { digest: Buffer.from(digest, 'latin1'), caller });
  }
  if (snapshot.anonymous !== null) callers.set(snapshot.anonymous.name, snapshot.anonymous);

  return {
    snapshot,
    credentials,
    callers,
    aliases: new Map(snapshot.streams.map((stream) => [stream.alias, stream])),
    ids: Map.groupBy(snapshot.streams, (stream) => stream.id),
  };
}
