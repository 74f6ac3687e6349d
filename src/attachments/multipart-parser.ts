import { type GatewayError, invalidRequest } from '../kernel/errors.ts';
import { type ByteReader, createByteReader } from './byte-reader.ts';

/** One part of a multipart body, bytes untouched. */
export interface Part {
  /** By lower-case name; values are the header's bytes as latin1. */
  readonly headers: ReadonlyMap<string, string>;
  /** To be read before the next part is asked for; what is left is skipped then. */
  readonly body: AsyncIterable<Uint8Array>;
}

const CRLF = Buffer.from('\r\n');
const BLANK_LINE = Buffer.from('\r\n\r\n');
const DASHES = Buffer.from('--');
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;

// A name of 255 bytes takes about 1.2 KiB in its longest spelling (percent-encoded beside RFC 2047 words).
const MAX_HEADER_BYTES = 8 * 1024;
const MAX_PADDING_BYTES = 256;

/**
 * Splits a multipart body (RFC 2046, section 5.1) into its parts while it arrives; a 400 if it is broken or ends early.
 *
 * Why not `@fastify/multipart`: its parser lower-cases content types and drops their parameters, drops `filename*` if
 * `filename` comes first in the quoted form, replaces bytes that are not UTF-8, and cuts long headers without a word.
 * None of that can be seen or undone from outside, and CommBox must receive names and types as they were sent.
 */
export async function* parseMultipart(source: AsyncIterable<Uint8Array>, boundary: string): AsyncGenerator<Part> {
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // The first delimiter may open the body: the line break before it belongs to the delimiter, not to a preamble.
  const reader = createByteReader(source, CRLF);
  try {
    let section = createSection(reader, delimiter);
    for (;;) {
      while ((await section.next()) !== null);
      if (section.isLast()) break;
      const headers = parseHeaders(await readHeaderBlock(reader, delimiter));
      section = createSection(reader, delimiter);
      yield { headers, body: iterate(section.next) };
    }
    // An epilogue means nothing, but a request is over only when all of it was read.
    do reader.consume(reader.held.length);
    while (await reader.fill());
  } finally {
    await reader.close();
  }
}

/** A 400 for a body that does not follow the format. */
export function brokenMultipart(message: string): GatewayError {
  return invalidRequest([{ pointer: '', message }]);
}

// An object of its own, since leaving a `for await` early would end a generator in the middle of a part.
function iterate(next: () => Promise<Buffer | null>): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        const value = await next();
        return value === null ? { done: true, value } : { done: false, value };
      },
    }),
  };
}

interface Section {
  /** The next bytes before the delimiter; null once it was met and consumed. */
  next(): Promise<Buffer | null>;
  isLast(): boolean;
}

function createSection(reader: ByteReader, delimiter: Buffer): Section {
  let end: DelimiterEnd | null = null;
  async function next(): Promise<Buffer | null> {
    // Up to here `held` is content for certain. Look-alikes of a delimiter are passed on with what surrounds them: a
    // file made of nothing else must not become a write each.
    let content = 0;
    while (end === null) {
      const at = reader.held.indexOf(delimiter, content);
      if (at === -1) {
        // The last bytes may be the beginning of a delimiter that has not arrived in full.
        const safe = Math.max(reader.held.length - delimiter.length + 1, content);
        if (safe > 0) return reader.consume(safe);
        await fillOrFail(reader);
        continue;
      }
      const found = await readDelimiterEnd(reader, at + delimiter.length);
      if (found === null) content = at + delimiter.length;
      else if (at > 0) return reader.consume(at);
      else {
        reader.consume(found.length);
        end = found;
      }
    }
    return null;
  }
  return { next, isLast: () => end?.last === true };
}

interface DelimiterEnd {
  readonly last: boolean;
  /** Where the next part's headers, or the epilogue, begin in `held`. */
  readonly length: number;
}

// The rest of a delimiter's line; null if the line goes on, so that it is content that merely looks like a delimiter
// (a file that is itself a multipart with a longer boundary).
async function readDelimiterEnd(reader: ByteReader, start: number): Promise<DelimiterEnd | null> {
  for (let at = start; at <= start + MAX_PADDING_BYTES; at += 1) {
    while (reader.held.length < at + 2) await fillOrFail(reader);
    const two = reader.held.subarray(at, at + 2);
    if (at === start && two.equals(DASHES)) return { last: true, length: at + 2 };
    // The line break stays: it may be half of the blank line of a part without headers.
    if (two.equals(CRLF)) return { last: false, length: at };
    if (two[0] !== 0x20 && two[0] !== 0x09) return null;
  }
  return null;
}

async function readHeaderBlock(reader: ByteReader, delimiter: Buffer): Promise<string> {
  let end = reader.held.indexOf(BLANK_LINE);
  while (end === -1) {
    if (reader.held.length > MAX_HEADER_BYTES) break;
    await fillOrFail(reader);
    end = reader.held.indexOf(BLANK_LINE);
  }
  if (end === -1 || end > MAX_HEADER_BYTES) {
    throw brokenMultipart(
      `the headers of a part may have at most ${MAX_HEADER_BYTES} bytes, and end with a blank line`,
    );
  }
  const block = reader.consume(end + CRLF.length).toString('latin1');
  while (reader.held.length < delimiter.length) await fillOrFail(reader);
  // A part without any content may let its blank line be the line break of the next delimiter (RFC 2046, 5.1.1).
  if (reader.held.indexOf(delimiter) !== 0) reader.consume(CRLF.length);
  return block;
}

function parseHeaders(block: string): Map<string, string> {
  const headers = new Map<string, string>();
  // A line that begins with white space continues the one before (RFC 5322, section 2.2.3).
  for (const line of block.replaceAll(/\r\n(?=[\t ])/g, '').split('\r\n')) {
    if (line === '') continue;
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    if (!HEADER_NAME.test(name) || /[\r\n]/.test(line)) {
      throw brokenMultipart('a header of a part must have the form "Name: value" on a line of its own');
    }
    if (headers.has(name)) throw brokenMultipart('a part must not repeat a header');
    headers.set(name, line.slice(colon + 1).trim());
  }
  return headers;
}

async function fillOrFail(reader: ByteReader): Promise<void> {
  if (!(await reader.fill())) {
    throw brokenMultipart('the multipart body must be complete up to its last boundary, the one that ends with "--"');
  }
}
