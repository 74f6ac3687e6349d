import { type PartHead, parsePartHead } from './part-headers.ts';

/** Receives the bytes of one part, in pieces. */
export interface PartSink {
  write(bytes: Buffer): void;
  end(): void;
}

export interface MultipartParser {
  /** Takes the next bytes of the body. Throws `MalformedForm`, or what a sink throws. */
  write(bytes: Buffer): void;
  /** The body has ended. Throws `MalformedForm` if the closing boundary has not come. */
  end(): void;
}

/** The body is no form as RFC 7578 describes it. */
export class MalformedForm extends Error {
  override readonly name = 'MalformedForm';
}

const HEAD_LIMIT = 16 * 1024;
const CRLF = '\r\n';

/** The boundary of a `multipart/form-data` content type, or null. */
export function boundaryOf(contentType: string): string | null {
  const match = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  return match?.[1] ?? match?.[2] ?? null;
}

/**
 * A streaming parser: holds no more of the body than one boundary or one part head. Written for the simulator alone,
 * so that a mistake in what is sent cannot meet the same mistake here.
 */
export function createMultipartParser(boundary: string, openPart: (head: PartHead) => PartSink): MultipartParser {
  const delimiter = Buffer.from(`${CRLF}--${boundary}`);
  // The first boundary has no line break before it; lending it one makes it a boundary like the others.
  let rest: Buffer = Buffer.from(CRLF);
  let state: 'content' | 'delimiter' | 'head' | 'closed' = 'content';
  let part: PartSink | undefined;

  /** Passes content on up to the next boundary. False: more bytes are needed. */
  function readContent(): boolean {
    const at = rest.indexOf(delimiter);
    // The end of these bytes may be the beginning of a boundary.
    const length = at === -1 ? Math.max(0, rest.length - delimiter.length + 1) : at;
    if (length > 0) part?.write(rest.subarray(0, length));
    rest = rest.subarray(length);
    if (at === -1) return false;
    part?.end();
    part = undefined;
    rest = rest.subarray(delimiter.length);
    state = 'delimiter';
    return true;
  }

  function readDelimiter(): boolean {
    if (rest.length < 2) return false;
    const mark = rest.toString('latin1', 0, 2);
    if (mark !== '--' && mark !== CRLF) throw new MalformedForm('A boundary is not followed by a line break');
    state = mark === '--' ? 'closed' : 'head';
    return true;
  }

  function readHead(): boolean {
    const end = rest.indexOf(`${CRLF}${CRLF}`);
    if (end > HEAD_LIMIT || (end === -1 && rest.length > HEAD_LIMIT)) {
      throw new MalformedForm('The head of a part is too long');
    }
    if (end === -1) return false;
    const head = parsePartHead(rest.toString('utf8', 0, end));
    if (head === null) throw new MalformedForm('A part has no name');
    part = openPart(head);
    rest = rest.subarray(end + 4);
    state = 'content';
    return true;
  }

  const steps = { content: readContent, delimiter: readDelimiter, head: readHead, closed: () => false };
  return {
    write(bytes) {
      rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
      while (steps[state]());
      if (state === 'closed') rest = rest.subarray(rest.length);
    },
    end() {
      if (state !== 'closed') throw new MalformedForm('The form ends without its closing boundary');
    },
  };
}
