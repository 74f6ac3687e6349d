import { decodeText } from './encoded-words.ts';
import { payloadTooLarge } from './limits.ts';

const FIRST_BYTES = 16 * 1024;

/**
 * Reads a part of at most `limit` bytes as text, a byte order mark included; null if it is not UTF-8. Throws a 413
 * beyond the limit. The bytes go into one growing buffer, since a list of tiny chunks costs many times their size.
 */
export async function readText(source: AsyncIterable<Uint8Array>, limit: number): Promise<string | null> {
  let bytes = Buffer.alloc(Math.min(FIRST_BYTES, limit));
  let size = 0;
  for await (const chunk of source) {
    const needed = size + chunk.byteLength;
    if (needed > limit) throw payloadTooLarge('/data', `the part "data" may have at most ${limit} bytes (BODY_LIMIT)`);
    if (needed > bytes.length) {
      const larger = Buffer.alloc(Math.min(Math.max(needed, bytes.length * 2), limit));
      bytes.copy(larger, 0, 0, size);
      bytes = larger;
    }
    bytes.set(chunk, size);
    size = needed;
  }
  try {
    return decodeText('utf-8', bytes.subarray(0, size));
  } catch {
    return null;
  }
}
