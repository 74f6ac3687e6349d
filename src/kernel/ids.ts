import { randomFillSync } from 'node:crypto';

// Crockford's base 32, as in the ULID specification: ids sort by time and hold no look-alike letters.
const CODES = Buffer.from('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 'latin1');
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
  let serial = 0;
  // As bytes: a text that grows digit by digit leaves a piece of garbage behind for each of them.
  const id = Buffer.from(prefix + '0'.repeat(TIME_DIGITS + SERIAL_DIGITS + RANDOM_DIGITS), 'latin1');
  const timeEnds = prefix.length + TIME_DIGITS;
  const serialEnds = timeEnds + SERIAL_DIGITS;

  return () => {
    const ms = now();
    // A clock that stands or went back, or a millisecond with a million ids, counts on from the last id instead.
    if (ms > lastMs) startAt(ms);
    else if (++serial === SERIALS) startAt(lastMs + 1);
    else write(serial, timeEnds, serialEnds);
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    for (let place = serialEnds; place < id.length; place++) id[place] = CODES[(pool[used++] as number) & 31] as number;
    return id.toString('latin1');
  };

  function startAt(ms: number): void {
    lastMs = ms;
    serial = 0;
    write(ms, prefix.length, timeEnds);
    write(0, timeEnds, serialEnds);
  }

  function write(value: number, begin: number, end: number): void {
    let rest = value;
    for (let place = end - 1; place >= begin; place--) {
      id[place] = CODES[rest % 32] as number;
      rest = Math.floor(rest / 32);
    }
  }
}
