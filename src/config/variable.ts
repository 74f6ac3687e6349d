import Type, { type Static, type TSchema } from 'typebox';
import { Check } from 'typebox/schema';
import { parseBytes, parseDecimal, parseFlag, parseInteger } from './parsers.ts';

/** One environment variable: how its text is read, what is allowed, and how the documentation shows it. */
export interface Variable {
  /** One sentence or two, in Markdown. */
  readonly description: string;
  /** What is allowed, after the words "allowed: ". */
  readonly allowed: string;
  /** As it would be written in the environment; null for a variable that may stay unset. */
  readonly default: string | null;
  /** Shown in place of the default where that depends on something. */
  readonly defaultNote: string | null;
  /** Never printed, and readable from a file through `<name>_FILE`. */
  readonly secret: boolean;
  readonly required: boolean;
  /** Programs agree on the lower-case spelling too (`https_proxy`). */
  readonly lowerCaseToo: boolean;
  /** Describes the parsed value. */
  readonly schema: TSchema;
  /** The value, or undefined for a text that is not allowed. */
  readonly parse: (text: string) => unknown;
}

/** What a variable's value is once read: null where there is neither a value nor a default. */
export type ValueOf<V extends Variable> = V['default'] extends string
  ? Static<V['schema']>
  : Static<V['schema']> | null;

export interface VariableText {
  readonly description: string;
  readonly defaultNote?: string;
  readonly lowerCaseToo?: boolean;
}

const plain = { secret: false, required: false, lowerCaseToo: false, defaultNote: null } as const;

/** A variable whose text `parse` reads; what it returns must also match the schema. */
export function custom<S extends TSchema, D extends string | null>(
  schema: S,
  options: VariableText & { readonly default: D; readonly allowed: string },
  parse: (text: string) => unknown,
) {
  return { ...plain, ...options, schema, parse: checked(schema, parse) };
}

export function integer<D extends string | null>(
  range: { readonly minimum: number; readonly maximum: number },
  options: VariableText & { readonly default: D },
) {
  const allowed = `an integer from ${range.minimum} to ${range.maximum}`;
  return custom(Type.Integer(range), { ...options, allowed }, parseInteger);
}

/** A number above 0, in decimal notation. */
export function positive<D extends string | null>(maximum: number, options: VariableText & { readonly default: D }) {
  const allowed = `a number above 0, up to ${maximum}, e.g. 2 or 0.5`;
  return custom(Type.Number({ exclusiveMinimum: 0, maximum }), { ...options, allowed }, parseDecimal);
}

export function bytes<D extends string>(maximum: number, options: VariableText & { readonly default: D }) {
  const allowed = `a size from 1 byte to ${maximum / 1024 ** 2} MiB, in bytes or with a unit (B, KiB, MiB, GiB, kB, MB, GB)`;
  return custom(Type.Integer({ minimum: 1, maximum }), { ...options, allowed }, parseBytes);
}

export function flag(options: VariableText & { readonly default: 'true' | 'false' }) {
  return custom(Type.Boolean(), { ...options, allowed: '`true` or `false`' }, parseFlag);
}

export function choice<const V extends readonly string[]>(
  values: V,
  options: VariableText & { readonly default: V[number] },
) {
  const schema = Type.Unsafe<V[number]>({ type: 'string', enum: values });
  return custom(schema, { ...options, allowed: `one of ${values.join(', ')}` }, (text) => text);
}

/** A secret. It is held apart from the plain values; see `readSecrets`. */
export function secret(
  options: VariableText & { readonly allowed: string; readonly required?: boolean },
  accepts: (text: string) => boolean,
) {
  const parse = (text: string) => (accepts(text) ? text : undefined);
  const kind = { ...plain, secret: true as const, default: null, schema: Type.String() };
  return { ...kind, ...options, parse };
}

function checked(schema: TSchema, parse: (text: string) => unknown): (text: string) => unknown {
  return (text) => {
    const value = parse(text);
    return value !== undefined && Check(schema, value) ? value : undefined;
  };
}
