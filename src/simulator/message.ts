import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { boundaryOf, createMultipartParser, MalformedForm, type PartSink } from './multipart.ts';
import { readObject } from './object.ts';
import type { PartHead } from './part-headers.ts';

/** A file of a form. Its bytes are hashed as they arrive and not kept. */
export interface ReceivedFile {
  readonly field: string;
  readonly name: string;
  readonly contentType: string | null;
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** The body of a send as it arrived. */
export interface MessageBody {
  /** The exact text of a JSON body; null for a form. */
  readonly rawBody: string | null;
  /** The exact text of a form's `data` field; null for JSON. */
  readonly rawData: string | null;
  readonly files: readonly ReceivedFile[];
  /** Why CommBox would answer 400 or 413; undefined if the object is valid. */
  readonly fault: { readonly status: number; readonly description: string } | undefined;
  readonly sendToClient: boolean;
  /** The client was gone before the end of the body. */
  readonly aborted: boolean;
}

/** The longest JSON text taken, as IIS limits a request; files are not limited. Bytes. */
const TEXT_LIMIT = 30_000_000;
const tooLong = { status: 413, description: 'The request is too large' };

/** A body of which nothing was read. */
export const unreadBody: MessageBody = {
  rawBody: null,
  rawData: null,
  files: [],
  fault: undefined,
  sendToClient: false,
  aborted: false,
};

/** Pumps the body into a sink. Resolves to whether it arrived whole; what the sink throws rejects, after draining. */
function pump(request: IncomingMessage, write: (bytes: Buffer) => void): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let failure: unknown;
    request.on('data', (bytes: Buffer) => {
      if (failure !== undefined) return;
      try {
        write(bytes);
      } catch (error) {
        failure = error;
      }
    });
    request.once('end', () => (failure === undefined ? resolve(true) : reject(failure)));
    request.once('close', () => resolve(false));
    request.once('error', () => resolve(false));
  });
}

function createTextSink() {
  const pieces: Buffer[] = [];
  let size = 0;
  return {
    isTooLong: () => size > TEXT_LIMIT,
    write(bytes: Buffer) {
      size += bytes.length;
      if (size <= TEXT_LIMIT) pieces.push(bytes);
    },
    text: () => (pieces.length === 1 ? pieces[0] : Buffer.concat(pieces))?.toString('utf8') ?? '',
  };
}

async function readJson(request: IncomingMessage): Promise<MessageBody> {
  const sink = createTextSink();
  const whole = await pump(request, sink.write);
  const rawBody = sink.text();
  if (!whole) return { ...unreadBody, rawBody, aborted: true };
  if (sink.isTooLong()) return { ...unreadBody, fault: tooLong };
  return { ...unreadBody, rawBody, ...judge(rawBody, true) };
}

function judge(text: string, wrapped: boolean): Pick<MessageBody, 'fault' | 'sendToClient'> {
  const { object, description } = readObject(text, wrapped);
  if (object === undefined) return { fault: { status: 400, description }, sendToClient: false };
  return { fault: undefined, sendToClient: object['sendToClient'] === true };
}

function hashFile(head: PartHead, done: (file: ReceivedFile) => void): PartSink {
  const hash = createHash('sha256');
  let size = 0;
  return {
    write(bytes) {
      size += bytes.length;
      hash.update(bytes);
    },
    end: () =>
      done({
        field: head.name,
        name: head.fileName ?? '',
        contentType: head.contentType,
        size,
        sha256: hash.digest('hex'),
      }),
  };
}

async function readForm(request: IncomingMessage, boundary: string): Promise<MessageBody> {
  const files: ReceivedFile[] = [];
  const data = createTextSink();
  let hasData = false;
  const parser = createMultipartParser(boundary, (head) => {
    if (head.fileName !== null) return hashFile(head, (file) => files.push(file));
    if (head.name !== 'data') return { write() {}, end() {} };
    hasData = true;
    return { write: data.write, end() {} };
  });
  try {
    const whole = await pump(request, parser.write);
    if (!whole) return { ...unreadBody, rawData: data.text(), files, aborted: true };
    parser.end();
  } catch (error) {
    if (!(error instanceof MalformedForm)) throw error;
    return { ...unreadBody, rawData: data.text(), files, fault: { status: 400, description: error.message } };
  }
  if (data.isTooLong()) return { ...unreadBody, files, fault: tooLong };
  if (!hasData) return { ...unreadBody, files, fault: { status: 400, description: 'The form has no field data' } };
  const rawData = data.text();
  return { ...unreadBody, rawData, files, ...judge(rawData, false) };
}

/** Reads a send's body to its end, whatever it is worth: a server that answers earlier would cut uploads short. */
export async function readMessage(request: IncomingMessage): Promise<MessageBody> {
  const contentType = request.headers['content-type'] ?? '';
  if (/^application\/json\s*(;|$)/i.test(contentType)) return readJson(request);
  const boundary = /^multipart\/form-data\s*;/i.test(contentType) ? boundaryOf(contentType) : null;
  if (boundary !== null) return readForm(request, boundary);
  const whole = await pump(request, () => {});
  const description = 'The content type must be application/json or multipart/form-data';
  return { ...unreadBody, fault: { status: 400, description }, aborted: !whole };
}
