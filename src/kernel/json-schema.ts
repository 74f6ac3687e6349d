import { isRawNumber } from './exact-json.ts';

/** The keywords of JSON Schema that requests are described with; `expected` is ours: the text for a failed `pattern`. */
export interface JsonSchema {
  readonly type?: string;
  readonly anyOf?: readonly JsonSchema[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string | RegExp;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly expected?: string;
}

const KEYWORDS = new Set<string>([
  ...['type', 'anyOf', 'const', 'enum', 'properties', 'required', 'additionalProperties', 'patternProperties', 'items'],
  ...['minItems', 'maxItems', 'minLength', 'maxLength', 'pattern', 'format', 'minimum', 'maximum', 'expected'],
  ...['$id', '$schema', '$comment', 'title', 'description', 'default', 'examples', 'example', 'deprecated'],
  ...['readOnly', 'writeOnly', 'contentEncoding', 'contentMediaType'],
]);

/**
 * The schema as the fault walk reads it.
 * @throws {TypeError} if it uses a keyword that faults could not be explained for: a programming mistake, found at start.
 */
export function asJsonSchema(schema: object): JsonSchema {
  for (const keyword of Object.keys(schema)) {
    if (!KEYWORDS.has(keyword) && !keyword.startsWith('x-') && !keyword.startsWith('~')) {
      throw new TypeError(`schema keyword ${keyword} is not supported`);
    }
  }
  const known = schema as JsonSchema;
  const { additionalProperties: others } = known;
  const children = [...(known.anyOf ?? []), ...Object.values(known.properties ?? {})];
  children.push(...Object.values(known.patternProperties ?? {}));
  if (known.items !== undefined) children.push(known.items);
  if (typeof others === 'object') children.push(others);
  for (const child of children) asJsonSchema(child);
  return known;
}

/** The JSON type of a parsed value. A number kept as text is a number. */
export function jsonType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return isRawNumber(value) ? 'number' : typeof value;
}

/** Whether a value has a schema's type. A number kept as text fits none: those of a schema are ordinary ones. */
export function matchesType(type: string, value: unknown): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'number') return Number.isFinite(value);
  return jsonType(value) === type;
}

/** The JSON types that can satisfy a schema; `any` where it names none. */
export function typesOf(schema: JsonSchema): readonly string[] {
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.flatMap(typesOf))];
  const literals = schema.enum ?? ('const' in schema ? [schema.const] : undefined);
  if (literals !== undefined) return [...new Set(literals.map(jsonType))];
  return [schema.type === 'integer' ? 'number' : (schema.type ?? 'any')];
}

const names: Readonly<Record<string, string>> = {
  string: 'a string',
  integer: 'an integer',
  number: 'a number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
  null: 'null',
};

/** A type as a sentence names it. */
export function nameOfType(type: string): string {
  return names[type] ?? type;
}

/** The length that JSON Schema's minLength and maxLength count: Unicode code points, not UTF-16 units. */
export function codePoints(text: string): number {
  let count = text.length;
  for (let index = 1; index < text.length; index++) {
    if (isPair(text.charCodeAt(index - 1), text.charCodeAt(index))) count--;
  }
  return count;
}

function isPair(first: number, second: number): boolean {
  return first >= 0xd800 && first <= 0xdbff && second >= 0xdc00 && second <= 0xdfff;
}
