/** What the head of a form part says about it. */
export interface PartHead {
  readonly name: string;
  /** Null for a plain field. */
  readonly fileName: string | null;
  readonly contentType: string | null;
}

// Node tells a malformed escape by throwing; such a name is taken as it stands.
function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** RFC 2047 words, as clients of .NET write them into `filename`. Other charsets than UTF-8 stay as they are. */
function decodeWords(text: string): string {
  return text.replace(/=\?utf-8\?b\?([A-Za-z0-9+/=]*)\?=/gi, (_word, base64: string) =>
    Buffer.from(base64, 'base64').toString('utf8'),
  );
}

// WHATWG HTML, multipart/form-data: in a quoted name only these three characters are escaped, and only this way.
const unescapeQuoted = (text: string): string =>
  text.replace(/%22|%0D|%0A/gi, (escaped) => decodeURIComponent(escaped));

/** The parameters of a header, read in order so that nothing inside a quoted name is taken for one. */
function readParameters(header: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [, name = '', quoted, bare = ''] of header.matchAll(/;\s*([\w-]+\*?)\s*=\s*(?:"([^"]*)"|([^;\s]*))/g)) {
    parameters.set(name.toLowerCase(), quoted === undefined ? bare : unescapeQuoted(quoted));
  }
  return parameters;
}

function fileNameOf(parameters: ReadonlyMap<string, string>): string | null {
  // RFC 6266, 4.3: when both are there, the extended one is the real name.
  const extended = /^utf-8'[^']*'(.*)$/is.exec(parameters.get('filename*') ?? '')?.[1];
  if (extended !== undefined) return percentDecode(extended);
  const plain = parameters.get('filename');
  return plain === undefined ? null : decodeWords(plain);
}

/** Reads the head of a form part (RFC 7578), its lines without the closing blank one. Null: it names no field. */
export function parsePartHead(text: string): PartHead | null {
  const headers = new Map<string, string>();
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  const disposition = headers.get('content-disposition') ?? '';
  if (!/^form-data\s*(;|$)/i.test(disposition)) return null;
  const parameters = readParameters(disposition);
  const name = parameters.get('name');
  if (name === undefined) return null;
  return { name, fileName: fileNameOf(parameters), contentType: headers.get('content-type') ?? null };
}
