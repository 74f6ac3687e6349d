import Format from 'typebox/format';

const expectations = new Map<string, string>();

/**
 * Registers a string format for schemas. `expected` completes "must …" in the answer to a caller.
 * The registry is TypeBox's own, one per process, and holds nothing but these pure functions.
 */
export function defineFormat(name: string, expected: string, test: (text: string) => boolean): void {
  Format.Set(name, test);
  expectations.set(name, expected);
}

/** Whether a text satisfies a registered format. */
export function satisfiesFormat(name: string, text: string): boolean {
  return Format.Test(name, text);
}

/** What a format demands, to follow "must"; undefined for a format that {@link defineFormat} never saw. */
export function expectationOf(name: string): string | undefined {
  return expectations.get(name);
}

// biome's rule against control characters in patterns guards against typing slips; a loop says the same and is as fast.
function hasControl(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x20 || (unit >= 0x7f && unit <= 0x9f)) return true;
  }
  return false;
}

const INT64 = /^(?:0|-?[1-9]\d{0,18})$/;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

function isInt64(text: string): boolean {
  if (!INT64.test(text)) return false;
  if (text.length < 19) return true;
  const value = BigInt(text);
  return value >= INT64_MIN && value <= INT64_MAX;
}

const DATE = /^\d{4}-\d\d-\d\d$/;
const DATE_TIME =
  /^\d{4}-\d\d-\d\d[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether a text that begins with digits in the form of a date begins with one of the calendar. */
function beginsWithDate(text: string): boolean {
  const year = Number(text.slice(0, 4));
  const month = Number(text.slice(5, 7));
  const day = Number(text.slice(8, 10));
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0);
  return day >= 1 && day <= days;
}

function isDate(text: string): boolean {
  return DATE.test(text) && beginsWithDate(text);
}

function isDateTime(text: string): boolean {
  return DATE_TIME.test(text) && beginsWithDate(text) && isInUtcYears(text);
}

/** An offset can move a date of the first and the last year out of those that RFC 3339 can write. */
function isInUtcYears(text: string): boolean {
  const isAtEdge = text.startsWith('0000') || text.startsWith('9999');
  return !isAtEdge || /^\d/.test(new Date(text).toISOString());
}

// The local part and the labels as in the HTML standard (input type=email), local part at most 64 (RFC 5321, 4.5.3.1.1);
// labels may also be international (RFC 5890), because CommBox's own world writes Hebrew and Arabic domains.
const LABEL = '[\\p{L}\\p{N}](?:[\\p{L}\\p{M}\\p{N}-]{0,61}[\\p{L}\\p{M}\\p{N}])?';
const EMAIL = new RegExp(`^[\\w.!#$%&'*+/=?^\`{|}~-]{1,64}@${LABEL}(?:\\.${LABEL})*$`, 'u');

function isEmail(text: string): boolean {
  return text.length <= 254 && EMAIL.test(text);
}

function isHttpsUrl(text: string): boolean {
  return /^https:\/\/[^\s\\]+$/i.test(text) && !hasControl(text) && URL.canParse(text);
}

// A lone surrogate is no character (RFC 8259, section 8.2): stores and UTF-8 would put another in its place.
defineFormat(
  'no-control',
  'not contain control characters or lone surrogates',
  (text) => !hasControl(text) && text.isWellFormed(),
);
defineFormat('int64', 'be a whole number within int64, as digits', isInt64);
// RFC 3339, full-date. Dates that the calendar lacks are refused.
defineFormat('date', 'be a date as in RFC 3339, such as 1990-12-31', isDate);
// RFC 3339, date-time, but without the leap second :60, which JavaScript's dates cannot hold.
defineFormat('date-time', 'be a time as in RFC 3339 with its offset, such as 2030-01-31T08:00:00Z', isDateTime);
defineFormat('email', 'be an e-mail address of at most 254 characters, such as jane@example.com', isEmail);
defineFormat('https-url', 'be an https:// URL', isHttpsUrl);
