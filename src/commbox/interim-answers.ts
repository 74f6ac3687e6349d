import type { Socket } from 'node:net';

const CONTINUE = Buffer.from('HTTP/1.1 100 ');
const END = Buffer.from('\r\n\r\n');
const LONGEST = 8 * 1024;

/**
 * Takes every `100 Continue` out of what a socket receives before an answer. A client must cope with one that it did
 * not ask for (RFC 9110, 15.2), and servers and proxies of some age send them; undici ends the connection instead,
 * and with it the chance to learn what became of the message. Other interim answers undici skips by itself.
 */
export function skipContinue(socket: Socket): void {
  const read = socket.read.bind(socket);
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  let held: Buffer | null = null;
  // True from a request's bytes to the first ones of its answer.
  let isAwaiting = true;

  socket.read = (size?: number) => {
    const chunk = read(size) as Buffer | null;
    if (chunk === null || !isAwaiting) return chunk;
    if (held === null && isFinal(chunk)) {
      isAwaiting = false;
      return chunk;
    }
    held = afterContinues(held === null ? chunk : Buffer.concat([held, chunk]));
    if (isUndecided(held)) return null;
    isAwaiting = false;
    const rest = held;
    held = null;
    return rest;
  };
  socket.write = (...args: unknown[]) => {
    isAwaiting = true;
    return write(...args);
  };
}

// Nearly all are, and it shows in their tenth byte: the first digit of the status.
const STATUS_AT = 'HTTP/1.1 '.length;
const INTERIM = 0x31;

function isFinal(bytes: Buffer): boolean {
  const digit = bytes[STATUS_AT];
  return digit !== undefined && digit !== INTERIM;
}

function afterContinues(bytes: Buffer): Buffer {
  let rest = bytes;
  while (rest.subarray(0, CONTINUE.length).equals(CONTINUE)) {
    const end = rest.indexOf(END);
    if (end === -1) break;
    rest = rest.subarray(end + END.length);
  }
  return rest;
}

/** Whether more bytes are needed to tell what this begins; what is too long is left to undici to refuse. */
function isUndecided(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, CONTINUE.length);
  return bytes.length <= LONGEST && bytes.subarray(0, length).equals(CONTINUE.subarray(0, length));
}
