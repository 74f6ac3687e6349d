import { hash } from 'node:crypto';
import type { MessageBody } from './message.ts';

/** An object that repeats an earlier one: same stream, same text, same files. The numbers are those of the calls. */
export interface Duplicate {
  readonly firstN: number;
  readonly n: number;
}

export interface DuplicateFinder {
  /** Notes an object that was created by call `n`; true if it repeats an earlier one. */
  note(streamId: string, body: MessageBody, n: number): boolean;
  /** The latest duplicates, at most 1000. */
  found(): readonly Duplicate[];
  clear(): void;
}

const LISTED = 1000;

function fingerprint(streamId: string, { rawBody, rawData, files }: MessageBody): string {
  const names = files.map(({ name, sha256 }) => `${name}\0${sha256}`);
  return hash('sha1', [streamId, rawBody ?? rawData ?? '', ...names].join('\0'), 'base64');
}

/** Recognises repetitions among the latest `remembered` objects; with 0 none, which spares the hashing. */
export function createDuplicateFinder(remembered: number): DuplicateFinder {
  const firstOf = new Map<string, number>();
  const duplicates: Duplicate[] = [];
  return {
    note(streamId, body, n) {
      if (remembered === 0) return false;
      const key = fingerprint(streamId, body);
      const firstN = firstOf.get(key);
      if (firstN !== undefined) {
        duplicates.push({ firstN, n });
        if (duplicates.length > LISTED) duplicates.shift();
        return true;
      }
      firstOf.set(key, n);
      const [oldest] = firstOf.size > remembered ? firstOf.keys() : [];
      if (oldest !== undefined) firstOf.delete(oldest);
      return false;
    },
    found: () => [...duplicates],
    clear() {
      firstOf.clear();
      duplicates.length = 0;
    },
  };
}
