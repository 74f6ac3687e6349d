import { type Fault, type GatewayError, invalidRequest, MAX_FAULTS } from './errors.ts';
import { eachRepeatedMember, hasMoreMembers, type JsonPath, repeatedMember } from './json-members.ts';
import { cutBelow, endOfString } from './json-text.ts';
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
export const TOO_DEEP = `must not nest deeper than ${MAX_DEPTH} levels`;

// A number outside a string follows the start, white space, `[`, `:` or `,`. Fewer than 16 digits, without fraction,
// exponent or minus zero, survive a double. Texts hold times and prices that look alike: where a match is within a
// string, the search goes on behind that, which is still far cheaper than the reviver. A time at the end of a sentence
// is no match, since JSON has a digit behind the point.
const MAY_LOSE_DIGITS = /(?:^|[[:,\s])(?:-0|-?(?:\d{16}|\d{1,15}(?:\.\d|[eE][-+\d])))/g;

function mayLoseDigits(text: string): boolean {
  let quote = text.indexOf('"');
  MAY_LOSE_DIGITS.lastIndex = 0;
  while (MAY_LOSE_DIGITS.test(text)) {
    // It holds no quote, so all of it is where its end is: in a string, or outside.
    const { lastIndex } = MAY_LOSE_DIGITS;
    let end = 0;
    while (quote !== -1 && quote < lastIndex && end < lastIndex) {
      end = endOfString(text, quote);
      quote = text.indexOf('"', end);
    }
    if (end < lastIndex) return true;
    MAY_LOSE_DIGITS.lastIndex = end;
  }
  return false;
}

const TOKEN = /[\s{}[\]:,]+|"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

export interface ParseOptions {
  /** Default {@link MAX_DEPTH}. */
  readonly maxDepth?: number;
  /** Told of each repeated member instead, as long as it returns true; the last one is what is read then. */
  readonly onRepeated?: (path: JsonPath) => boolean;
  /** Told instead that it nests too deep, with all of it as `JSON.parse` reads it; what is too deep is read as null then. */
  readonly onDeep?: (value: unknown) => void;
}

/**
 * Reads JSON without losing a digit: a number whose source text differs from how JavaScript would write it becomes a
 * `JSON.rawJSON` value, everything else is what `JSON.parse` gives. A member called `__proto__` stays a plain member.
 * Two members of one name in one object are refused: readers differ in which of them counts (RFC 8259, section 4; RFC
 * 7493, section 2.3).
 * @throws {GatewayError} `invalid_request`: with the pointers of repeated members; or with pointer "", that says where
 *   the text is broken and never quotes it, or that it nests deeper than {@link MAX_DEPTH}.
 */
export function parseExact(text: string, options: ParseOptions = {}): unknown {
  const { maxDepth = MAX_DEPTH, onRepeated, onDeep } = options;
  const value = parsePlain(text);
  const found: Found = { members: 0, hasNumbers: false };
  if (!survey(value, 1, found, maxDepth)) {
    if (onDeep === undefined) throw refuse(TOO_DEEP);
    onDeep(value);
    return parseExact(cutBelow(text, maxDepth), options);
  }
  // What is repeated is in the text, and only once in the value.
  if (hasMoreMembers(text, found.members)) {
    if (onRepeated === undefined) throw invalidRequest(repeatedMembers(text));
    eachRepeatedMember(text, maxDepth, onRepeated);
  }
  // Only now is the reviver safe: it recurses, whereas plain parsing does not. Without a number it has nothing to do.
  return found.hasNumbers && mayLoseDigits(text) ? JSON.parse(text, keepDigits) : value;
}

/**
 * Whether an object of a JSON text, of which `value` is what `JSON.parse` gives, may have two members of one name: true
 * also for what nests deeper than {@link MAX_DEPTH}, which is not looked at. Cheap, unlike naming them.
 */
export function mayRepeatMembers(text: string, value: unknown): boolean {
  const found: Found = { members: 0, hasNumbers: false };
  return !survey(value, 1, found, MAX_DEPTH) || hasMoreMembers(text, found.members);
}

/** Whether a parsed value nests deeper than {@link MAX_DEPTH}. */
export function isTooDeep(value: unknown): boolean {
  return !survey(value, 1, { members: 0, hasNumbers: false }, MAX_DEPTH);
}

function repeatedMembers(text: string): Fault[] {
  const faults: Fault[] = [];
  eachRepeatedMember(text, MAX_DEPTH, (path) => faults.push(repeatedMember(path)) < MAX_FAULTS);
  return faults;
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

interface Found {
  /** Of all objects together. */
  members: number;
  hasNumbers: boolean;
}

/** Notes what a value holds. False if it nests too deep: the rest is not looked at then. */
function survey(value: unknown, level: number, found: Found, maxDepth: number): boolean {
  if (typeof value === 'number') found.hasNumbers = true;
  if (typeof value !== 'object' || value === null) return true;
  if (level > maxDepth) return false;
  const isList = Array.isArray(value);
  const members = value as Record<string, unknown>;
  for (const key in members) {
    if (!isList) found.members++;
    const member = members[key];
    if (typeof member !== 'string' && !survey(member, level + 1, found, maxDepth)) return false;
  }
  return true;
}

function refuse(message: string): GatewayError {
  return invalidRequest([{ pointer: '', message }]);
}
