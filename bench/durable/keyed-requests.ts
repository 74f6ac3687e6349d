import { randomUUID } from 'node:crypto';
import { type Slice, serialize } from '../lib/load.ts';

const SERIAL_DIGITS = 12;

/**
 * The request with the next `Idempotency-Key`, as bytes. What differs is written into a copy: building text costs more.
 */
export function keyedRequests(slice: Slice): () => Buffer {
  const key = `bench-${randomUUID()}-`;
  const headers = { ...slice.request.headers, 'idempotency-key': `${key}${'0'.repeat(SERIAL_DIGITS)}` };
  const template = serialize({ ...slice, request: { ...slice.request, headers } });
  const serialAt = template.indexOf(key) + key.length;
  let serial = 0;
  return () => {
    const bytes = Buffer.from(template);
    bytes.write(String(++serial).padStart(SERIAL_DIGITS, '0'), serialAt, 'latin1');
    return bytes;
  };
}
