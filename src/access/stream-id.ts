const LONGEST_ID = 255;
const ALIAS = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const DIGITS = /^\d+$/;
const SHORTEST_ENCRYPTED_ID = 16;
// biome's regex rules forbid literal control characters, hence the Unicode class: Cc is U+0000–U+001F and U+007F–U+009F.
const CONTROL = /\p{Cc}/u;

/** What a CommBox stream id may be, for messages about one that is not. */
export const STREAM_ID_RULE = `1 to ${LONGEST_ID} characters without control characters, and not "." or ".."`;

/** Whether the text can be a CommBox stream id: those that no encoding turns into one path segment cannot. */
export function isStreamId(text: string): boolean {
  if (text === '' || text.length > LONGEST_ID || text === '.' || text === '..') return false;
  return text.isWellFormed() && !CONTROL.test(text);
}

/** What an alias may look like, for messages about one that does not. */
export const ALIAS_RULE =
  '1 to 64 letters, digits, ".", "_" and "-", starting with a letter or digit, and not digits alone (those are CommBox ids)';

/** Whether the text can be an alias. Digits alone cannot: an alias `532` would hide the CommBox id 532. */
export function isAliasName(text: string): boolean {
  return ALIAS.test(text) && !DIGITS.test(text);
}

/**
 * Whether a name that no alias has was more likely a misspelt alias than a CommBox id. CommBox's ids are plain
 * numbers or encrypted ones, which are base64 of whole blocks and therefore long and padded (`commbox-api.md`).
 */
export function looksLikeAlias(text: string): boolean {
  const encrypted = text.length >= SHORTEST_ENCRYPTED_ID && text.length % 4 === 0 && /^[A-Za-z0-9]+$/.test(text);
  return isAliasName(text) && !encrypted;
}
