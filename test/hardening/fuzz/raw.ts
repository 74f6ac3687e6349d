import fc from 'fast-check';
import type { FuzzRequest } from './request.ts';

export interface RawRequest {
  /** What goes over the connection, in the pieces in which it arrives, with this request id if that was left whole. */
  bytes(requestId: string): Buffer[];
}

type Edit = readonly [kind: 'drop' | 'double' | 'insert' | 'flip', at: number, bytes: Uint8Array];

const edit: fc.Arbitrary<Edit> = fc.tuple(
  fc.constantFrom('drop', 'double', 'insert', 'flip'),
  fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 8 }),
    fc
      .constantFrom('\r\n', '\n', '\0', ': ', 'Transfer-Encoding: chunked\r\n', 'Content-Length: 3\r\n', '\r\n\r\n')
      .map((text) => Buffer.from(text)),
  ),
);

const place = fc.double({ min: 0, max: 1, noNaN: true });

/** A request as bytes, with up to four things wrong, in up to three pieces. */
export function rawOf(request: fc.Arbitrary<FuzzRequest>): fc.Arbitrary<RawRequest> {
  return fc
    .tuple(request, fc.array(edit, { maxLength: 4 }), fc.array(place, { maxLength: 2 }))
    .map(([one, edits, cuts]) => {
      const bytes = (requestId: string) => {
        const whole = edits.reduce(apply, bytesOf(one, requestId));
        const places = cuts.map((cut) => Math.floor(cut * whole.length)).sort((a, b) => a - b);
        return [0, ...places].map((from, index) => whole.subarray(from, places[index] ?? whole.length));
      };
      return {
        bytes,
        toString: () =>
          bytes('id')
            .map((piece) => JSON.stringify(piece.toString('latin1')))
            .join(' + '),
      };
    });
}

function bytesOf({ method, path, headers: given, body }: FuzzRequest, requestId: string): Buffer {
  const { 'x-request-id': _, ...headers } = given;
  const content = Buffer.from(body ?? '');
  const own = { Host: 'x', 'X-Request-Id': requestId, 'Content-Length': String(content.length) };
  const lines = Object.entries({ ...own, ...headers }).map(([name, value]) => `${name}: ${value}`);
  const head = [`${method} ${path} HTTP/1.1`, ...lines, '', ''];
  return Buffer.concat([Buffer.from(head.join('\r\n')), content]);
}

function apply(bytes: Buffer, [kind, place, what]: Edit): Buffer {
  const at = Math.floor(place * bytes.length);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (kind) {
    case 'drop':
      return Buffer.concat([before, after.subarray(what.length)]);
    case 'double':
      return Buffer.concat([before, after.subarray(0, 40), after]);
    case 'insert':
      return Buffer.concat([before, what, after]);
    case 'flip':
      return Buffer.concat([before, what, after.subarray(what.length)]);
  }
}
