import { randomFillSync } from 'node:crypto';

// Crockford's base 32, as in the ULID specification: ids sort by time and hold no look-alike letters.
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_DIGITS = 10;
const RANDOM_DIGITS = 16;

/**
 * Makes a source of ULIDs with a prefix: `msg_01JD…`. They sort by the millisecond of their making and carry 80
 * random bits, so that replicas need no coordination.
 */
export function createIdSource(prefix: string, now: () => number): () => string {
  const pool = Buffer.allocUnsafe(RANDOM_DIGITS * 256);
  let used = pool.length;
  let lastMs = -1;
  let timePart = '';

  return () => {
    const ms = now();
    if (ms !== lastMs) {
      lastMs = ms;
      timePart = encodeTime(ms);
    }
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    let id = prefix + timePart;
    for (const end = used + RANDOM_DIGITS; used < end; used++) id += ALPHABET[(pool[used] as number) & 31];
    return id;
  };
}

function encodeTime(ms: number): string {
  let rest = ms;
  let digits = '';
  for (let i = 0; i < TIME_DIGITS; i++) {
    digits = ALPHABET[rest % 32] + digits;
    rest = Math.floor(rest / 32);
  }
  return digits;
}
