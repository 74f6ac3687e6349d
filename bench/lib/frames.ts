const HEAD_END = '\r\n\r\n';
const LAST_CHUNK = '0\r\n\r\n';
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;
const CHUNKED = /\r\ntransfer-encoding: *chunked/i;

/** One HTTP/1.1 message: its first line and headers as they came, and the bytes after them. */
export type OnMessage = (head: string, body: Buffer) => void;

/**
 * Cuts the bytes of a connection into HTTP/1.1 messages. It knows only what a benchmark's two ends say to each other,
 * and so does far less than `node:http`: the ends must not be what is measured.
 * Chunked bodies are not decoded, and must end at the end of what was received.
 */
export function createFrames(onMessage: OnMessage): (chunk: Buffer) => void {
  let rest: Buffer | null = null;

  return (chunk) => {
    let bytes = rest === null ? chunk : Buffer.concat([rest, chunk]);
    rest = null;
    while (bytes.length > 0) {
      const headEnd = bytes.indexOf(HEAD_END, 0, 'latin1');
      const head = headEnd === -1 ? '' : bytes.toString('latin1', 0, headEnd);
      const bodyStart = headEnd + HEAD_END.length;
      const end = headEnd === -1 ? null : endOf(bytes, head, bodyStart);
      if (end === null || end > bytes.length) {
        rest = bytes;
        return;
      }
      onMessage(head, bytes.subarray(bodyStart, end));
      bytes = bytes.subarray(end);
    }
  };
}

function endOf(bytes: Buffer, head: string, bodyStart: number): number | null {
  const length = CONTENT_LENGTH.exec(head)?.[1];
  if (length !== undefined) return bodyStart + Number(length);
  if (!CHUNKED.test(head)) return bodyStart;
  const isWhole = bytes.length > bodyStart && bytes.toString('latin1', bytes.length - LAST_CHUNK.length) === LAST_CHUNK;
  return isWhole ? bytes.length : null;
}
