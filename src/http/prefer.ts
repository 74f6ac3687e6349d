import { invalidRequest } from '../kernel/errors.ts';

/** What a caller prefers (RFC 7240). Preferences that the gateway does not know are ignored, as the RFC demands. */
export interface Preferences {
  readonly respondAsync: boolean;
  /** Milliseconds, or null if no `wait` was given. */
  readonly waitMs: number | null;
}

const NOTHING: Preferences = { respondAsync: false, waitMs: null };
/** Those of a send that is always stored and answered first. */
export const ASYNC: Preferences = { respondAsync: true, waitMs: null };
/** The longest `wait` that a request may ask for. */
export const LONGEST_WAIT_SECONDS = 60;

// What stands between quotes separates nothing, and a preference may have parameters (RFC 7240, section 2).
const ITEM = /(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g;
const PREFERENCE = /^\s*([^\s=;]*)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*)))?/;

/** @throws GatewayError `invalid_request` for a `wait` that is not 0 to 60 seconds, or a `respond-async` with a value. */
export function parsePrefer(header: string | string[] | undefined): Preferences {
  if (header === undefined) return NOTHING;
  let respondAsync = false;
  let waitMs: number | null = null;
  for (const [item] of String(header).matchAll(ITEM)) {
    const [, token = '', quoted, bare = ''] = PREFERENCE.exec(item) ?? [];
    const name = token.toLowerCase();
    const text = quoted ?? bare.trim();
    if (name === 'respond-async') respondAsync = parseBare(text);
    // The first one counts (RFC 7240, section 2).
    if (name === 'wait' && waitMs === null) waitMs = parseWait(text);
  }
  return { respondAsync, waitMs };
}

// An empty value is none (RFC 7240, section 2).
function parseBare(text: string): true {
  if (text === '') return true;
  throw invalidRequest([{ pointer: '', message: 'the header Prefer: respond-async takes no value; leave it out' }]);
}

function parseWait(text: string): number {
  const seconds = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (seconds <= LONGEST_WAIT_SECONDS) return seconds * 1000;
  const message = `the header Prefer: wait must be 0 to ${LONGEST_WAIT_SECONDS} seconds`;
  throw invalidRequest([{ pointer: '', message }]);
}
