import type { Fault } from './errors.ts';
import { endOfString } from './json-text.ts';
import { pointerTo } from './pointer.ts';

/** Names of members and numbers of list items, from the outermost value on. */
export type JsonPath = readonly (string | number)[];

export const REPEATED_MEMBER = 'must be given once: another member of the same object has this name';

const QUOTE = 0x22;
const COLON = 0x3a;

/**
 * Whether a valid JSON text holds more than `members` members, all objects together. Each has the one colon that is
 * outside of strings. Mostly there is no other: then all colons are counted, which is much cheaper.
 */
export function hasMoreMembers(text: string, members: number): boolean {
  let at = -1;
  for (let colons = 0; colons <= members; colons++) {
    at = text.indexOf(':', at + 1);
    if (at === -1) return false;
  }
  return membersIn(text) > members;
}

function membersIn(text: string): number {
  let members = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === COLON) members++;
    else if (unit === QUOTE) at = endOfString(text, at) - 1;
  }
  return members;
}

/** An object or a list whose end has not been read yet. */
interface Open {
  /** The names of an object so far, and whether each was told of; null for a list. */
  readonly names: Map<string, boolean> | null;
  /** Where in it the scan is: a member's name, or the number of an item. */
  place: string | number;
}

/**
 * Tells of every name that an object of a valid JSON text has more than once, once for each object and name, until
 * `tell` says no. Names are compared as they read, so `"\u0061"` is `"a"`. What nests deeper than `maxDepth` is passed
 * over. Linear time, no stack.
 */
export function eachRepeatedMember(text: string, maxDepth: number, tell: (path: JsonPath) => boolean): void {
  const open: Open[] = [];
  for (let at = 0; at < text.length; at++) {
    const current = open.at(-1);
    switch (text[at]) {
      case '{':
        open.push({ names: new Map(), place: '' });
        break;
      case '[':
        open.push({ names: null, place: 0 });
        break;
      case '}':
      case ']':
        open.pop();
        break;
      case ',':
        if (typeof current?.place === 'number') current.place++;
        break;
      case '"': {
        const end = endOfString(text, at);
        if (current?.names && open.length <= maxDepth && isName(text, end)) {
          current.place = nameOf(text.slice(at, end));
          const isTold = current.names.get(current.place);
          current.names.set(current.place, isTold !== undefined);
          if (isTold === false && !tell(open.map(({ place }) => place))) return;
        }
        at = end - 1;
        break;
      }
    }
  }
}

/** The fault for a repeated member, with a pointer to it. */
export function repeatedMember(path: JsonPath): Fault {
  return { pointer: path.reduce(pointerTo, ''), message: REPEATED_MEMBER };
}

// A string that a colon follows is a name.
function isName(text: string, end: number): boolean {
  let at = end;
  while (text.charCodeAt(at) <= 0x20) at++;
  return text.charCodeAt(at) === COLON;
}

function nameOf(source: string): string {
  return source.includes('\\') ? String(JSON.parse(source)) : source.slice(1, -1);
}
