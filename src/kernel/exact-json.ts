import { type Fault, type GatewayError, invalidRequest, MAX_FAULTS } from './errors.ts';
import { pointerTo } from './pointer.ts';

declare global {
  /** A number kept as its source text; `JSON.stringify` writes exactly those digits (ECMA-262, JSON.rawJSON). */
  interface RawNumber {
    readonly rawJSON: string;
  }
  interface JSON {
    rawJSON(text: string): RawNumber;
    isRawJSON(value: unknown): value is RawNumber;
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
    ): unknown;
  }
}

/** How deep a request may nest; the outermost object is level 1. */
export const MAX_DEPTH = 20;

// A number outside a string follows the start, white space, `[`, `:` or `,`. Fewer than 16 digits, without fraction,
// exponent or minus zero, survive a double. Texts hold times and prices that look alike: a match is looked at again
// without the strings, which is still far cheaper than the reviver.
const MAY_LOSE_DIGITS = /(?:^|[[:,\s])(?:-0|-?(?:\d{16}|\d{1,15}[.eE]))/;
const STRINGS = /"(?:[^"\\]|\\.)*"/g;

function mayLoseDigits(text: string): boolean {
  return MAY_LOSE_DIGITS.test(text) && MAY_LOSE_DIGITS.test(text.replace(STRINGS, '""'));
}

const TOKEN = /[\s{}[\]:,]+|"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/**
 * Reads JSON without losing a digit: a number whose source text differs from how JavaScript would write it becomes a
 * `JSON.rawJSON` value, everything else is what `JSON.parse` gives. A member called `__proto__` stays a plain member.
 * @throws {GatewayError} `invalid_request`, pointer "", that says where the text is broken and never quotes it, or that
 *   it nests deeper than {@link MAX_DEPTH}.
 */
export function parseExact(text: string): unknown {
  const value = parsePlain(text);
  const found = survey(value, 1);
  if (found === 'depth') throw refuse(`must not nest deeper than ${MAX_DEPTH} levels`);
  // Only now is the reviver safe: it recurses, whereas plain parsing does not. Without a number it has nothing to do.
  return found === 'numbers' && mayLoseDigits(text) ? JSON.parse(text, keepDigits) : value;
}

/** Whether a value is a number that {@link parseExact} kept as text. It is an object to everything but JSON. */
export function isRawNumber(value: unknown): value is RawNumber {
  return typeof value === 'object' && value !== null && JSON.isRawJSON(value);
}

/** Whether a parsed number lies beyond ±(2^53−1), where many JSON readers would change its digits. */
export function isLargeNumber(value: unknown): boolean {
  if (typeof value === 'number') return Math.abs(value) > Number.MAX_SAFE_INTEGER;
  return isRawNumber(value) && Math.abs(Number(value.rawJSON)) > Number.MAX_SAFE_INTEGER;
}

export const LARGE_NUMBER = 'is a number beyond ±(2^53−1): write it as a string';

/** One fault for each number beyond ±(2^53−1) inside a parsed value, at most {@link MAX_FAULTS}. */
export function findLargeNumbers(value: unknown, pointer = ''): Fault[] {
  const faults: Fault[] = [];
  collectLargeNumbers(value, pointer, faults);
  return faults;
}

function collectLargeNumbers(value: unknown, pointer: string, faults: Fault[]): void {
  if (isLargeNumber(value)) faults.push({ pointer, message: LARGE_NUMBER });
  if (typeof value !== 'object' || value === null || isRawNumber(value)) return;
  const isList = Array.isArray(value);
  const members = value as Record<string, unknown>;
  for (const key in members) {
    if (faults.length >= MAX_FAULTS) return;
    const member = members[key];
    if (typeof member === 'object' || isLargeNumber(member)) {
      collectLargeNumbers(member, pointerTo(pointer, isList ? Number(key) : key), faults);
    }
  }
}

function keepDigits(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context.source === undefined || context.source === String(value)) return value;
  return JSON.rawJSON(context.source);
}

function parsePlain(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const position = breakingPoint(text, error);
    throw refuse(
      position === undefined ? 'must be valid JSON' : `must be valid JSON; it breaks at position ${position}`,
    );
  }
}

// V8 names a position only for some mistakes, and quotes the text for the others.
function breakingPoint(text: string, error: unknown): number | undefined {
  const message = error instanceof SyntaxError ? error.message : '';
  const named = /at position (\d+)(?: \(line \d+ column \d+\))?$/.exec(message)?.[1];
  if (named !== undefined) return Number(named);
  if (message === 'Unexpected end of JSON input') return text.length;
  let end = 0;
  for (TOKEN.lastIndex = 0; end < text.length && TOKEN.test(text); ) end = TOKEN.lastIndex;
  return end < text.length ? end : undefined;
}

/** Whether a value nests too deep, or else holds any number. */
function survey(value: unknown, level: number): 'depth' | 'numbers' | null {
  if (typeof value === 'number') return 'numbers';
  if (typeof value !== 'object' || value === null) return null;
  if (level > MAX_DEPTH) return 'depth';
  let found: 'numbers' | null = null;
  const members = value as Record<string, unknown>;
  for (const key in members) {
    const member = members[key];
    if (typeof member === 'string') continue;
    const inside = survey(member, level + 1);
    if (inside === 'depth') return inside;
    found = inside ?? found;
  }
  return found;
}

function refuse(message: string): GatewayError {
  return invalidRequest([{ pointer: '', message }]);
}
