import type { JsonSchema } from './types.ts';

/** What stands in the document for the formats of `src/kernel/formats.ts`, in words that any JSON Schema tool knows. */
const formats: Readonly<Record<string, JsonSchema>> = {
  'no-control': { pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$' },
  // OpenAPI's own format of that name is for JSON numbers.
  int64: { pattern: '^(?:0|-?[1-9]\\d{0,18})$' },
  date: { format: 'date' },
  'date-time': { format: 'date-time' },
  uri: { format: 'uri' },
  // Its domain may be international (RFC 6531), which `email` rules out.
  email: { format: 'idn-email', maxLength: 254 },
  'https-url': { format: 'uri', pattern: '^[Hh][Tt][Tt][Pp][Ss]://' },
};

/**
 * A schema that requests are validated with, as the document shows it: keywords and formats of our own are put in common
 * terms, and open objects are called open, which generators of clients otherwise take for empty ones.
 * @throws {TypeError} for a format without a translation: a programming mistake.
 */
export function publicSchema(schema: object): JsonSchema {
  const result: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema)) {
    // Keywords with ~ are TypeBox's own; `expected` is the text of a fault.
    if (keyword.startsWith('~') || keyword === 'expected') continue;
    if (keyword === 'format') Object.assign(result, formatOf(String(value)));
    else result[keyword] = publicValue(keyword, value);
  }
  if (result['type'] === undefined && Array.isArray(result['enum'])) result['type'] = typeOf(result['enum']);
  if (result['type'] === 'object' && result['properties'] === undefined) result['additionalProperties'] ??= true;
  return result;
}

function publicValue(keyword: string, value: unknown): unknown {
  switch (keyword) {
    case 'properties':
      return Object.fromEntries(Object.entries(value as object).map(([name, child]) => [name, publicSchema(child)]));
    case 'anyOf':
    case 'allOf':
      return (value as object[]).map(publicSchema);
    case 'items':
    case 'additionalProperties':
      return typeof value === 'object' && value !== null ? publicSchema(value) : value;
    default:
      return value;
  }
}

function formatOf(name: string): JsonSchema {
  const format = formats[name];
  if (format === undefined) throw new TypeError(`the format ${name} has no translation for the OpenAPI document`);
  return format;
}

function typeOf(values: readonly unknown[]): string | readonly string[] {
  const types = [...new Set(values.map((value) => (typeof value === 'number' ? 'integer' : typeof value)))];
  const [only] = types;
  return types.length === 1 && only !== undefined ? only : types;
}
