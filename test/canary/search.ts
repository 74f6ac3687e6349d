/** Texts that must not turn up, by what a failure calls them. */
export type Canaries = Readonly<Record<string, string>>;

/** Names of the canaries that stand in these bytes, in whatever form. */
export type Search = (bytes: Uint8Array | string) => string[];

/** Compiles a search. It is linear in the bytes; the forms of all canaries are made once. */
export function createSearch(canaries: Canaries): Search {
  const needles = Object.entries(canaries).map(([name, text]) => ({ name, forms: formsOf(text) }));
  return (bytes) => {
    const haystack =
      typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return needles.filter(({ forms }) => forms.some((form) => haystack.includes(form))).map(({ name }) => name);
  };
}

/** Every way of writing a text that a program is likely to take, as bytes. */
export function formsOf(text: string): Buffer[] {
  const bytes = Buffer.from(text);
  const utf16 = Buffer.from(text, 'utf16le');
  const hex = bytes.toString('hex');
  const escaped = [jsonEscaped(text), jsonEscaped(jsonEscaped(text)), ...lowAndHigh(text)];
  const url = encodeURIComponent(text);
  const written = [
    ...[text, ...escaped, htmlEscaped(text), hex, hex.toUpperCase()],
    ...[url, encodeURIComponent(url), url.replaceAll('%20', '+'), hex.replace(/../g, '%$&')],
    ...[hex.toUpperCase().replace(/../g, '%$&'), ...base64Forms(bytes), ...base64Forms(utf16)],
  ];
  return [...[...new Set(written)].map((form) => Buffer.from(form)), utf16, Buffer.from(utf16).swap16()];
}

const jsonEscaped = (text: string) => JSON.stringify(text).slice(1, -1);

/** With escapes of JSON where a serialiser may put them, in lower and in upper case. */
function lowAndHigh(text: string): string[] {
  const ascii = escapedAt(/[^\x20-\x7e]/g);
  return [false, true].flatMap((isUpper) => [
    ascii(jsonEscaped(text), isUpper),
    // PHP escapes slashes too, .NET whatever could mean something in HTML.
    ascii(jsonEscaped(text), isUpper).replaceAll('/', '\\/'),
    escapedAt(/[^\x20-\x7e]|["&'+<>`]/g)(text.replaceAll('\\', '\\\\'), isUpper),
    escapedAt(/[\s\S]/g)(text, isUpper),
  ]);
}

const escapedAt = (pattern: RegExp) => (text: string, isUpper: boolean) =>
  text.replace(pattern, (character) => {
    const hex = character.charCodeAt(0).toString(16).padStart(4, '0');
    return `\\u${isUpper ? hex.toUpperCase() : hex}`;
  });

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const htmlEscaped = (text: string) => text.replace(/[&<>"']/g, (character) => entities[character] ?? character);

/** What the bytes look like within a longer text in base64, wherever they begin there. */
function base64Forms(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const isOpen = (before + bytes.length) % 3 !== 0;
    // Without the digits that share their bits with what stands before and behind.
    const core = text.slice(before === 0 ? 0 : before + 1, isOpen ? -1 : undefined);
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
