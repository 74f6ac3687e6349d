import { createHash, randomBytes } from 'node:crypto';

/** A part of a form: a field, or a file if it has a file name. `head` replaces its header lines. */
export interface FormPart {
  readonly name?: string;
  readonly fileName?: string;
  readonly contentType?: string;
  readonly head?: string;
  readonly content: string | Uint8Array;
}

/** A multipart body written by hand, byte for byte as asked, with the header that it needs. */
export function form(parts: readonly FormPart[]): { headers: { 'content-type': string }; body: Buffer } {
  const boundary = `test-${randomBytes(8).toString('hex')}`;
  const pieces = parts.flatMap((part) => [`--${boundary}\r\n${headOf(part)}\r\n\r\n`, part.content, '\r\n']);
  const body = Buffer.concat([...pieces, `--${boundary}--\r\n`].map((piece) => Buffer.from(piece)));
  return { headers: { 'content-type': `multipart/form-data; boundary=${boundary}` }, body };
}

function headOf({ name = 'file', fileName, contentType, head }: FormPart): string {
  if (head !== undefined) return head;
  const file = fileName === undefined ? '' : `; filename="${fileName}"`;
  const type = contentType === undefined ? '' : `\r\nContent-Type: ${contentType}`;
  return `Content-Disposition: form-data; name="${name}"${file}${type}`;
}

/** Hexadecimal. */
export const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex');
