import { decodeText, decodeWords } from './encoded-words.ts';

/**
 * The name of a form field as text; undefined if there is none, null if it is not UTF-8.
 * Parameters hold bytes as latin1, as the multipart parser gives them.
 */
export function fieldName(parameters: ReadonlyMap<string, string>): string | null | undefined {
  const raw = parameters.get('name');
  if (raw === undefined) return undefined;
  const text = decodeBytes('utf-8', raw);
  return text === null ? null : unescapeBrowser(text);
}

/**
 * The file name as the caller's user knows it; undefined if there is none, null if it cannot be decoded.
 *
 * `filename*` wins (RFC 6266, 4.3): .NET sends it beside a `filename` of RFC 2047 words. Alone, such words are decoded
 * too; otherwise `filename` is raw UTF-8, as browsers and curl write it.
 */
export function fileName(parameters: ReadonlyMap<string, string>): string | null | undefined {
  const extended = parameters.get('filename*');
  const decoded = extended === undefined ? null : extendedText(extended);
  if (decoded !== null) return decoded;
  const raw = parameters.get('filename');
  if (raw === undefined) return extended === undefined ? undefined : null;
  const text = decodeBytes('utf-8', raw);
  if (text === null) return null;
  const worded = decodeWords(text);
  return worded === text ? unescapeBrowser(text) : worded;
}

/** RFC 8187, section 3.2: charset, language and percent-encoded bytes. */
function extendedText(value: string): string | null {
  const match = /^([\w-]+)'[^']*'((?:[^%]|%[0-9a-f]{2})*)$/i.exec(value);
  if (match === null) return null;
  const [, charset = '', content = ''] = match;
  const binary = content.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return decodeBytes(charset, binary);
}

// Browsers (WHATWG HTML, 4.10.21.8) and curl escape these three characters and leave a `%` of the name alone, so any
// other percent sequence belongs to the name.
function unescapeBrowser(text: string): string {
  return text.replaceAll('%22', '"').replaceAll(/%0d/gi, '\r').replaceAll(/%0a/gi, '\n');
}

function decodeBytes(charset: string, binary: string): string | null {
  try {
    return decodeText(charset, Buffer.from(binary, 'latin1'));
  } catch {
    return null;
  }
}
