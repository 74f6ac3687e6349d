import { createHmac } from 'node:crypto';
import { canonicalJson } from '../kernel/canonical-json.ts';
import { invalidRequest } from '../kernel/errors.ts';
import type { KeyClaim } from '../store/key-record.ts';

/** A file as far as it tells one request from another. */
export interface KeyedFile {
  readonly name: string;
  /** Null if the part stated none. */
  readonly contentType: string | null;
  /** Of its bytes, as lower-case hex. */
  readonly sha256: string;
}

/** A request that carries an idempotency key. */
export interface KeyedRequest {
  /** Name of the caller: keys of different callers never meet. */
  readonly caller: string;
  /** Template of the route, such as `/v1/email`; an item of a batch counts as the route of its channel. */
  readonly route: string;
  /** As {@link parseIdempotencyKey} gives it. */
  readonly key: string;
  /** The JSON as it was received. */
  readonly jsonText: string;
  /** The stream id in the path of the drop-in door; null elsewhere. */
  readonly streamId: string | null;
  readonly files: readonly KeyedFile[];
}

export interface Fingerprinter {
  /**
   * What is stored of a key: HMACs as hex, from which neither the key nor the request can be guessed without the secret.
   * Equal scopes mean the same key of the same caller on the same route; equal fingerprints then mean the same request:
   * white space, the order of members and the order of files aside.
   *
   * @throws {SyntaxError} if `jsonText` is not JSON.
   */
  claim(request: KeyedRequest): KeyClaim;
}

/** `secret` is the installation's own (`Store.secret`): all replicas need the same one. */
export function createFingerprinter(secret: Buffer): Fingerprinter {
  const sign = (text: string) => createHmac('sha256', secret).update(text).digest('hex');
  return {
    claim({ caller, route, key, jsonText, streamId, files }) {
      const scope = sign(JSON.stringify(['scope', caller, route, key]));
      // A JSON list shows where it ends, and so does all that is canonical: two texts in a row stay unambiguous. The
      // scope within keeps equal requests of two callers from being recognised as equal in the store.
      const parts = JSON.stringify(['request', scope, streamId, sorted(files)]);
      return { scope, fingerprint: sign(parts + canonicalJson(jsonText)) };
    },
  };
}

function sorted(files: readonly KeyedFile[]): string[] {
  return files.map(({ name, contentType, sha256 }) => JSON.stringify([name, contentType, sha256])).sort();
}

/** The most characters of an `Idempotency-Key`, quotes aside. */
export const LONGEST_KEY = 255;
const PRINTABLE = /^[\x20-\x7e]+$/;
// RFC 8941, section 3.3.3: a backslash stands only before a quote or another backslash.
const QUOTED = /^"((?:[^"\\]|\\["\\])*)"$/;

/**
 * The value of an `Idempotency-Key` header, or of the member at `pointer` in its place; null if there is none. A quoted
 * key (a string of RFC 8941, as the IETF's draft of the header has it) is the same key as its bare form.
 *
 * @throws GatewayError `invalid_request` unless it is one key of 1 to 255 printable ASCII characters.
 */
export function parseIdempotencyKey(header: string | string[] | undefined, pointer = ''): string | null {
  if (header === undefined) return null;
  const [given = '', ...others] = typeof header === 'string' ? [header] : header;
  const key = given.startsWith('"') ? unquoted(given) : given;
  if (others.length === 0 && key.length <= LONGEST_KEY && PRINTABLE.test(key)) return key;
  const rule = `must be one key of 1 to ${LONGEST_KEY} printable ASCII characters, bare or in double quotes`;
  throw invalidRequest([{ pointer, message: pointer === '' ? `the header Idempotency-Key ${rule}` : rule }]);
}

// '' for a string that is not quoted properly: no key is empty.
function unquoted(text: string): string {
  return QUOTED.exec(text)?.[1]?.replace(/\\(["\\])/g, '$1') ?? '';
}
