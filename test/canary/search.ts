/** Texts that must not turn up, by what a failure calls them. */
export type Canaries = Readonly<Record<string, string>>;

/** Names of the canaries that stand in these bytes, in whatever form. */
export type Search = (bytes: Uint8Array | string) => string[];

/**
 * Compiles a search. It looks at each byte once, whatever number of canaries and forms there is: a dump of megabytes
 * must not hold up the process that is being looked at.
 */
export function createSearch(canaries: Canaries): Search {
  const byStart = new Map<number, { readonly name: string; readonly form: Buffer }[]>();
  const isStart = new Uint8Array(2 ** 16);
  for (const [name, text] of Object.entries(canaries)) {
    for (const form of formsOf(text)) {
      const start = form.readUInt32BE(0);
      byStart.set(start, [...(byStart.get(start) ?? []), { name, form }]);
      isStart[slotOf(start)] = 1;
    }
  }

  return (text) => {
    const bytes = Buffer.from(text as Uint8Array);
    const found = new Set<string>();
    let last = 0;
    for (let end = 0; end < bytes.length; end++) {
      last = ((last << 8) | (bytes[end] ?? 0)) >>> 0;
      if (isStart[slotOf(last)] === 0) continue;
      for (const { name, form } of byStart.get(last) ?? []) {
        if (bytes.subarray(end - 3, end - 3 + form.length).equals(form)) found.add(name);
      }
    }
    return Object.keys(canaries).filter((name) => found.has(name));
  };
}

/** Where four bytes are marked: a multiplicative hash (Knuth, The Art of Computer Programming 3, 6.4). */
const slotOf = (start: number) => Math.imul(start, 0x9e3779b1) >>> 16;

/** Every way of writing a text that a program is likely to take, as bytes. */
function formsOf(text: string): Buffer[] {
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
