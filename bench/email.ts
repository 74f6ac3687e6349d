import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { GATEWAY_KEY } from './payloads.ts';

/** An e-mail with one attachment that is made while it is sent: its bytes are never in memory all at once. */
export interface Email {
  readonly block: Buffer;
  readonly blocks: number;
  /** Of the attachment, hexadecimal. */
  readonly sha256: string;
}

const BLOCK_BYTES = 64 * 1024;
const BOUNDARY = 'bench-boundary-7MA4YWxkTrZu0gW';

/** @param bytes size of the attachment, a multiple of 64 KiB. */
export function makeEmail(bytes: number): Email {
  const block = randomBytes(BLOCK_BYTES);
  const blocks = bytes / BLOCK_BYTES;
  const hash = createHash('sha256');
  for (let index = 0; index < blocks; index++) hash.update(block);
  return { block, blocks, sha256: hash.digest('hex') };
}

/** Sends it to the gateway as multipart. @throws if the answer is not 201. */
export async function sendEmail(port: number, { block, blocks }: Email): Promise<void> {
  const data = JSON.stringify({
    to: 'dana.levi@example.com',
    subject: 'Your invoice',
    text: 'Please find it attached.',
  });
  const start = [
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="data"\r\n\r\n${data}\r\n`,
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="invoice.pdf"\r\n`,
    'Content-Type: application/pdf\r\n\r\n',
  ].join('');
  const end = `\r\n--${BOUNDARY}--\r\n`;
  const request = httpRequest({
    port,
    host: '127.0.0.1',
    method: 'POST',
    path: '/v1/email',
    headers: {
      authorization: `Bearer ${GATEWAY_KEY}`,
      'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
      'content-length': Buffer.byteLength(start) + blocks * block.length + Buffer.byteLength(end),
    },
  });
  const answered = once(request, 'response') as Promise<[IncomingMessage]>;
  await Promise.all([pipeline(Readable.from(bodyOf(start, block, blocks, end)), request), answered]);
  const [response] = await answered;
  const answer = await text(response);
  if (response.statusCode !== 201) throw new Error(`the gateway answered ${response.statusCode}: ${answer}`);
}

function* bodyOf(start: string, block: Buffer, blocks: number, end: string): Generator<Buffer> {
  yield Buffer.from(start);
  for (let index = 0; index < blocks; index++) yield block;
  yield Buffer.from(end);
}
