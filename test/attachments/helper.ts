import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import multipart from '@fastify/multipart';
import fastify from 'fastify';
import type { Test } from 'tap';
import type { MultipartLimits } from '../../src/attachments/limits.ts';
import { receiveMultipart } from '../../src/attachments/multipart.ts';
import { CallerDisconnected } from '../../src/attachments/request-body.ts';
import { createSpool, type SpooledFile, type SpoolOptions } from '../../src/attachments/spool.ts';
import { type Clock, systemClock } from '../../src/kernel/clock.ts';
import { GatewayError } from '../../src/kernel/errors.ts';

export const MIB = 1024 * 1024;
export const BOUNDARY = 'xBOUNDARYx';

export interface Receipt {
  readonly data: string;
  readonly files: readonly (Omit<SpooledFile, 'path'> & { readonly content: string })[];
}

export interface Refusal {
  readonly code: string;
  readonly detail: string;
  readonly faults: readonly { pointer: string; message: string }[];
  readonly retryAfterMs?: number;
}

export async function temporaryDirectory(t: Test): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'attachments-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A clock whose delays end only when the test says so. */
export function createHeldClock(): Clock & { elapse(): void; pending(): number } {
  const tasks = new Set<() => void>();
  return {
    ...systemClock,
    schedule(_delayMs, task) {
      tasks.add(task);
      return () => tasks.delete(task);
    },
    elapse() {
      for (const task of tasks) task();
      tasks.clear();
    },
    pending: () => tasks.size,
  };
}

export interface BuildOptions {
  readonly limits?: Partial<MultipartLimits>;
  readonly openFile?: NonNullable<SpoolOptions['openFile']>;
  readonly clock?: Clock;
}

/** A gateway reduced to one route that receives a multipart, answers with what it got, and removes the files. */
export async function build(t: Test, options: BuildOptions = {}) {
  const directory = join(await temporaryDirectory(t), 'spool');
  const spool = await createSpool({ directory, ...(options.openFile && { openFile: options.openFile }) });
  const limits = { attachmentBytes: 25 * MIB, attachmentCount: 10, dataBytes: MIB, ...options.limits };
  const disconnects: CallerDisconnected[] = [];
  const ended = Promise.withResolvers<void>();
  // A test may end while a refused body is still being discarded, on a connection that is not idle yet.
  const app = fastify({ forceCloseConnections: true });
  await app.register(multipart);
  app.setErrorHandler((error, _request, reply) => {
    if (!(error instanceof GatewayError)) return reply.code(500).send({ code: String(error) });
    const { faults = [], retryAfterMs } = error.options;
    return reply.code(error.status).send({ code: error.code, detail: error.message, faults, retryAfterMs });
  });
  app.post('/', async (request): Promise<Receipt> => {
    try {
      const { data, files } = await receiveMultipart(request, { spool, limits, clock: options.clock ?? systemClock });
      const received = await Promise.all(
        files.map(async ({ path, ...file }) => ({ ...file, content: await readFile(path, 'base64') })),
      );
      await spool.remove(files);
      return { data, files: received };
    } catch (error) {
      if (error instanceof CallerDisconnected) disconnects.push(error);
      throw error;
    } finally {
      ended.resolve();
    }
  });
  t.teardown(() => app.close());
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return { app, url, port, spool, disconnects, ended: ended.promise, leftovers: () => readdir(directory) };
}

/** A part as bytes: its header lines, then its content. */
export function part(headers: readonly (string | Buffer)[], content: string | Uint8Array): Buffer {
  const lines = headers.flatMap((line) => [Buffer.from(line), Buffer.from('\r\n')]);
  return Buffer.concat([Buffer.from(`--${BOUNDARY}\r\n`), ...lines, Buffer.from('\r\n'), Buffer.from(content), CRLF]);
}

const CRLF = Buffer.from('\r\n');
export const END = Buffer.from(`--${BOUNDARY}--\r\n`);
export const DATA = part(['Content-Disposition: form-data; name="data"'], '{}');

export const filePart = (content: string | Uint8Array, name = 'a.bin', field = 'file') =>
  part([`Content-Disposition: form-data; name="${field}"; filename="${name}"`], content);

/** Posts the bytes as one multipart body. */
export async function post<T>(url: string, body: Uint8Array<ArrayBuffer>): Promise<{ status: number; body: T }> {
  const headers = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };
  const response = await fetch(url, { method: 'POST', headers, body });
  return { status: response.status, body: (await response.json()) as T };
}

export const bytes = (...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.concat(parts));

export interface RawCall {
  readonly socket: Socket;
  /** What was answered so far. */
  answer(): string;
  /** Resolves when the answer holds this text. */
  answered(text: string): Promise<void>;
}

/** Opens a connection and sends the head of a multipart request; the test sends the body as it likes. */
export async function openCall(t: Test, port: number, framing: string): Promise<RawCall> {
  const socket = connect(port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  // A gateway that closes while bytes are on their way resets the connection: an outcome, not a fault of the test.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text;
  });
  socket.write(
    `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=${BOUNDARY}\r\n${framing}\r\n\r\n`,
  );
  return {
    socket,
    answer: () => answer,
    async answered(text) {
      while (!answer.includes(text)) await Promise.race([once(socket, 'data'), failOnClose(socket)]);
    },
  };
}

async function failOnClose(socket: Socket): Promise<never> {
  await once(socket, 'close');
  throw new Error('the connection was closed before the answer');
}
