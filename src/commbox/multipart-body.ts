import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** A file on disk that goes out as one part. `size` is its exact length in bytes. */
export interface OutgoingFile {
  readonly path: string;
  readonly name: string;
  readonly contentType: string | null;
  readonly size: number;
}

/** A multipart body of known length that can be produced again for every attempt. */
export interface MultipartBody {
  readonly contentType: string;
  readonly contentLength: number;
  /** Reads the files anew; yields at most 64 KiB at a time, so memory does not grow with the files. */
  chunks(): AsyncGenerator<Uint8Array>;
}

/**
 * Encodes an object and its files as CommBox's reference shows: a field `data` with the object as JSON text, then one
 * part `file` per attachment (RFC 7578). `data` goes out verbatim, which rules out `FormData`: that rewrites line ends.
 */
export function createMultipartBody(data: string | Buffer, files: readonly OutgoingFile[]): MultipartBody {
  const boundary = `----commbox-gateway-${randomBytes(18).toString('base64url')}`;
  const dataBytes = typeof data === 'string' ? Buffer.from(data) : data;
  const opening = Buffer.concat([
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="data"\r\n\r\n`),
    dataBytes,
    Buffer.from('\r\n'),
  ]);
  const heads = files.map((file) => Buffer.from(partHead(boundary, file)));
  const closing = Buffer.from(`--${boundary}--\r\n`);

  let contentLength = opening.length + closing.length;
  for (const [i, file] of files.entries()) contentLength += (heads[i]?.length ?? 0) + file.size + 2;

  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    contentLength,
    async *chunks() {
      yield opening;
      for (const [i, file] of files.entries()) {
        yield heads[i] as Buffer;
        yield* createReadStream(file.path, { highWaterMark: 65_536 });
        yield Buffer.from('\r\n');
      }
      yield closing;
    },
  };
}

function partHead(boundary: string, file: OutgoingFile): string {
  const type = file.contentType === null ? '' : `Content-Type: ${file.contentType}\r\n`;
  const name = escapeFileName(file.name);
  return `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n${type}\r\n`;
}

/** The browsers' form: raw UTF-8 with these three escaped (WHATWG HTML, "multipart/form-data encoding algorithm"). */
function escapeFileName(name: string): string {
  return name.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22');
}
