import { randomFillSync } from 'node:crypto';

// Crockford's base 32, as in the ULID specification: ids sort by time and hold no look-alike letters.
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_DIGITS = 10;
const SERIAL_DIGITS = 4;
const RANDOM_DIGITS = 12;
const SERIALS = 32 ** SERIAL_DIGITS;

/**
 * Makes a source of ids in the form of ULIDs with a prefix: `msg_01JD…`. Those of one source sort in the order of
 * their making, also within a millisecond and when the clock is set back; 60 random bits keep replicas apart.
 */
export function createIdSource(prefix: string, now: () => number): () => string {
  const pool = Buffer.allocUnsafe(RANDOM_DIGITS * 256);
  let used = pool.length;
  let lastMs = -1;
  let timePart = '';
  let serial = 0;

  return () => {
    const ms = now();
    // A clock that stands or went back, or a millisecond with a million ids, counts on from the last id instead.
    if (ms > lastMs) startAt(ms);
    else if (++serial === SERIALS) startAt(lastMs + 1);
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    let id = prefix + timePart + digits(serial, SERIAL_DIGITS);
    for (const end = used + RANDOM_DIGITS; used < end; used++) id += ALPHABET[(pool[used] as number) & 31];
    return id;
  };

  function startAt(ms: number): void {
    lastMs = ms;
    timePart = digits(ms, TIME_DIGITS);
    serial = 0;
  }
}

function digits(value: number, count: number): string {
  let rest = value;
  let text = '';
  for (let i = 0; i < count; i++) {
    text = ALPHABET[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}
