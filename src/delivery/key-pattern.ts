const ENTITIES: Readonly<Record<string, string>> = { '"': 'quot', '&': 'amp', "'": 'apos', '<': 'lt', '>': 'gt' };

/**
 * Finds a key in bytes read as latin1, in whatever way a program may have written it: as it stands or in UTF-16, with
 * any of its characters escaped for JSON, a URL or HTML, and in base64 by itself or within a longer text.
 */
export function keyPattern(key: string): RegExp {
  // UTF-16 has a zero byte beside each character of ASCII, before or behind.
  const written = Array.from(key, spellingsOf).join('\\0?');
  return new RegExp([written, ...base64Of(key).map(literal)].join('|'), 'g');
}

// Escapes of escapes are counted up to a number: unbounded, an answer of backslashes alone would take hours.
function spellingsOf(character: string): string {
  const code = character.charCodeAt(0);
  const hex = code
    .toString(16)
    .padStart(2, '0')
    .replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
  const entity = ENTITIES[character];
  const spellings = [
    '"/\\'.includes(character) ? `\\\\{0,4}${literal(character)}` : literal(character),
    `\\\\{1,4}u00${hex}`,
    `%(?:25){0,2}${hex}`,
    `&#0{0,4}${code};`,
    `&#[xX]0{0,4}${hex};`,
    ...(entity === undefined ? [] : [`&${entity};`]),
  ];
  return `(?:${spellings.join('|')})`;
}

/** The digits that stand for the key alone, wherever it begins in what was encoded. */
function base64Of(key: string): string[] {
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.from('\0'.repeat(before) + key)
      .toString('base64')
      .replace(/=+$/, '');
    const isShared = (before + key.length) % 3 !== 0;
    const core = text.slice(before === 0 ? 0 : before + 1, isShared ? -1 : undefined);
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

const literal = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
