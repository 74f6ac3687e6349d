/** A header value such as `form-data; name="file"`. Names are in lower case, values unquoted but not decoded. */
export interface ParameterizedValue {
  readonly value: string;
  readonly parameters: ReadonlyMap<string, string>;
}

// A value without quotes may hold anything but the two characters that end it: .NET writes file names so.
const PARAMETER = /[\t ]*;[\t ]*(?:([\w!#$%&'*+.^`|~-]+)[\t ]*=[\t ]*(?:"((?:[^"\\]|\\[\s\S])*)"|([^";]*)))?/y;

/**
 * Parses a value with parameters (RFC 9110, 5.6.6); null if it cannot be read without guessing, e.g. for a quote that
 * is never closed or a parameter that is given twice.
 *
 * In a quoted value `\"` and `\\` are one character (RFC 9110, 5.6.4; older curl writes them). Any other backslash
 * stands for itself: browsers do not escape it, and `C:\x\y` must keep its own.
 */
export function parseParameters(header: string): ParameterizedValue | null {
  const text = header.trim();
  const end = text.indexOf(';');
  if (end === -1) return { value: text.toLowerCase(), parameters: new Map() };
  const parameters = new Map<string, string>();
  PARAMETER.lastIndex = end;
  while (PARAMETER.lastIndex < text.length) {
    const match = PARAMETER.exec(text);
    if (match === null) return null;
    const [, key, quoted, bare] = match;
    if (key === undefined) continue;
    const name = key.toLowerCase();
    if (parameters.has(name)) return null;
    parameters.set(name, quoted === undefined ? (bare ?? '').trim() : quoted.replaceAll(/\\(["\\])/g, '$1'));
  }
  return { value: text.slice(0, end).trim().toLowerCase(), parameters };
}
