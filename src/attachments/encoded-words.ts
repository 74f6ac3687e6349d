const WORD = /=\?([^?*\s]+)(?:\*[^?\s]*)?\?([bq])\?([^?\s]*)\?=/gi;
const RUN = /=\?[^?\s]+\?[bq]\?[^?\s]*\?=(?:[\t ]+=\?[^?\s]+\?[bq]\?[^?\s]*\?=)*/gi;

/**
 * Decodes the encoded words (RFC 2047) in a text. White space between two words is dropped, as section 6.2 says. A
 * word that cannot be decoded stays as it is: it may be the real name.
 */
export function decodeWords(text: string): string {
  return text.replaceAll(RUN, (run) => decodeRun(run) ?? run);
}

function decodeRun(run: string): string | null {
  // Long names are split into words without regard to characters, so bytes are joined before they are decoded.
  const pieces: { charset: string; bytes: Buffer[] }[] = [];
  for (const [, charset = '', encoding = '', content = ''] of run.matchAll(WORD)) {
    const bytes = encoding.toLowerCase() === 'b' ? Buffer.from(content, 'base64') : decodeQ(content);
    const last = pieces.at(-1);
    if (last?.charset === charset.toLowerCase()) last.bytes.push(bytes);
    else pieces.push({ charset: charset.toLowerCase(), bytes: [bytes] });
  }
  try {
    return pieces.map((piece) => decodeText(piece.charset, Buffer.concat(piece.bytes))).join('');
  } catch {
    return null;
  }
}

function decodeQ(content: string): Buffer {
  const binary = content
    .replaceAll('_', ' ')
    .replaceAll(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(binary, 'latin1');
}

/** Text in the charset of that name (WHATWG labels); throws if the charset is unknown or the bytes do not fit it. */
export function decodeText(charset: string, bytes: Uint8Array): string {
  return new TextDecoder(charset, { fatal: true, ignoreBOM: true }).decode(bytes);
}
