import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/schema';

const closed = { additionalProperties: false } as const;
const Rate = Type.Number({ minimum: 0, maximum: 1 });
const Millis = Type.Number({ minimum: 0 });
const Count = Type.Integer({ minimum: 1 });
// What Node lets into a header; anything else would only fail when the answer is written.
const HeaderName = Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" });
const HeaderValue = Type.String({ pattern: '^[\\t\\x20-\\x7e\\x80-\\xff]*$' });
const IdKey = Type.Union([Type.Literal('id'), Type.Literal('Id')]);

const refusalFields = {
  scope: Type.Optional(Type.Union([Type.Literal('account'), Type.Literal('stream')])),
  retryAfter: Type.Optional(
    Type.Union([Type.Literal('none'), Type.Literal('seconds'), Type.Literal('date'), Type.Number()]),
  ),
  penaltyMs: Type.Optional(Millis),
};
const windowFields = { limit: Count, windowMs: Type.Number({ exclusiveMinimum: 0 }), ...refusalFields };

const ThrottleSchema = Type.Union([
  Type.Object(
    {
      model: Type.Literal('tokenBucket'),
      rate: Type.Number({ exclusiveMinimum: 0 }),
      burst: Type.Number({ minimum: 1 }),
      ...refusalFields,
    },
    closed,
  ),
  Type.Object({ model: Type.Literal('fixedWindow'), ...windowFields }, closed),
  Type.Object({ model: Type.Literal('slidingWindow'), ...windowFields }, closed),
  Type.Object({ model: Type.Literal('concurrency'), limit: Count, ...refusalFields }, closed),
]);

const ScriptedAnswerSchema = Type.Object(
  {
    /** HTTP status; default 200. */
    status: Type.Optional(Type.Integer({ minimum: 200, maximum: 999 })),
    /** The envelope's own status; default the HTTP one, null leaves it out. */
    envelopeStatus: Type.Optional(Type.Union([Type.Number(), Type.String(), Type.Null()])),
    description: Type.Optional(Type.String()),
    contentType: Type.Optional(HeaderValue),
    /** Replaces the envelope. */
    body: Type.Optional(Type.String()),
    /** Replaces the envelope by this many bytes of filler, sent without a length. */
    bodyBytes: Type.Optional(Type.Integer({ minimum: 0 })),
    headers: Type.Optional(Type.Record(HeaderName, HeaderValue, closed)),
    /**
     * Destroys the socket instead of answering: `before` the object is recorded, `after` it, or `during` the answer
     * (recorded, and half of the answer is out).
     */
    reset: Type.Optional(Type.Union([Type.Literal('before'), Type.Literal('after'), Type.Literal('during')])),
    /** Added to the latency. */
    delayMs: Type.Optional(Millis),
    /** A success without an id. */
    noId: Type.Optional(Type.Boolean()),
    idKey: Type.Optional(IdKey),
    /** Recorded, and never answered. */
    hang: Type.Optional(Type.Boolean()),
    /** Whether the object is created; default: what the answer tells a reader, and true for `hang`. */
    record: Type.Optional(Type.Boolean()),
    /** Answers (or resets, or hangs) once the headers are in, without reading the body; the connection then closes. */
    early: Type.Optional(Type.Boolean()),
  },
  closed,
);

const SettingsSchema = Type.Object({
  /** Accepted Bearer keys; null accepts any. */
  keys: Type.Union([Type.Null(), Type.Array(Type.String({ minLength: 1 }))]),
  /** Stream ids that exist; null: all do. */
  streams: Type.Union([Type.Null(), Type.Array(Type.String({ minLength: 1 }))]),
  /** Quotas for sends; a call passes if every one lets it. Setting them starts them afresh. */
  throttles: Type.Array(ThrottleSchema),
  /** Time every CommBox answer takes, plus an even random share of `jitterMs`. */
  latency: Type.Object({ ms: Millis, jitterMs: Millis }, closed),
  /** Seed of the random faults. Setting it restarts their order. */
  seed: Type.Integer(),
  /** Share of sends that meet `errorStatus`. */
  errorRate: Rate,
  errorStatus: Type.Integer({ minimum: 400, maximum: 599 }),
  /** Share of those errors whose object was created all the same. */
  errorRecordedRate: Rate,
  /** Share of sends whose socket is destroyed before, or after, the object is created. */
  resetBeforeRate: Rate,
  resetAfterRate: Rate,
  /** Name of the id in a success. CommBox has been seen with both. */
  idKey: IdKey,
  /** Whether an object with `sendToClient: true` is answered with an id. */
  sendToClientId: Type.Boolean(),
  /** Name of the id in a listing. */
  listIdKey: Type.Union([Type.Literal('objectId'), Type.Literal('id')]),
  /** Answers for the next sends that pass key, stream and quota, one each. Setting them drops those still waiting. */
  next: Type.Array(ScriptedAnswerSchema),
});

const { latency, ...wholeSettings } = SettingsSchema.properties;
const PatchSchema = Type.Partial(Type.Object({ ...wholeSettings, latency: Type.Partial(latency, closed) }), closed);
const patchCheck = Compile(PatchSchema);

/** An answer that one send meets instead of the ordinary one. */
export type ScriptedAnswer = Static<typeof ScriptedAnswerSchema>;
/** How the simulated CommBox behaves at this moment. */
export type Settings = Static<typeof SettingsSchema>;
/** A change of behaviour: only what is named changes. */
export type ControlPatch = Static<typeof PatchSchema>;

export const defaultSettings: Settings = {
  keys: null,
  streams: null,
  throttles: [],
  latency: { ms: 0, jitterMs: 0 },
  seed: 1,
  errorRate: 0,
  errorStatus: 500,
  errorRecordedRate: 0,
  resetBeforeRate: 0,
  resetAfterRate: 0,
  idKey: 'id',
  sendToClientId: true,
  listIdKey: 'objectId',
  next: [],
};

/** A control document as a patch, or what is wrong with it, each with its place. */
export function parseControl(value: unknown): { patch: ControlPatch } | { problems: string[] } {
  if (patchCheck.Check(value)) return { patch: value };
  const problems = patchCheck.Errors(value)[1].map(({ instancePath, keyword, message }) => {
    // What a closed object says to a member that it does not have.
    return `${instancePath || '/'}: ${keyword === 'boolean' ? 'is not a known member' : message}`;
  });
  return { problems: [...new Set(problems)].slice(0, 20) };
}

/** The settings with the patch applied. `latency` merges member by member, lists are replaced whole. */
export function mergeSettings(current: Settings, patch: ControlPatch): Settings {
  return { ...current, ...patch, latency: { ...current.latency, ...patch.latency } };
}
