import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import type { Test } from 'tap';
import { call } from '../../http/call.ts';
import { GATEWAY_KEY } from '../../support/gateway.ts';
import { createBookkeeping } from './bookkeeping.ts';
import { judge } from './judge.ts';
import { type RawRequest, rawOf } from './raw.ts';
import type { FuzzRequest } from './request.ts';
import { anyRequest } from './requests.ts';
import { type Footprint, startStage } from './stage.ts';

export interface FuzzOptions {
  readonly runs: number;
  /** Stated for a run that is always the same; printed always. */
  readonly seed?: number;
}

/** Growth from the end of the first quarter of a run to its end: what caches and the machine may add, and no leak. */
const TOLERANCE: Footprint = { heapBytes: 12 * 1024 ** 2, openFiles: 40, resources: 40 };

const PATIENCE_MS = 30_000;

/** Sends generated requests one after the other, and checks every answer, what CommBox got, and what is left behind. */
export async function fuzz(t: Test, { runs, seed = Date.now() % 2 ** 31 }: FuzzOptions): Promise<void> {
  t.comment(`seed ${seed}`);
  const stage = await startStage(t, seed);
  const { port, simulator } = stage;
  const books = createBookkeeping(simulator);
  let known = 'msg_01M81Z3G5Z000002WPBEVHZSJ1';
  let serial = 0;
  let afterFirstQuarter: Footprint | null = null;

  const sendRequest = async (request: FuzzRequest) => {
    // An id may look like anything, but not like another one.
    const id = `${request.headers['x-request-id'] ?? 'fuzz-'}${serial}`;
    const { method, path, body } = request;
    const answer = await call(port, {
      method,
      path: path.replaceAll(':known', known).replaceAll('%3Aknown', known),
      headers: { ...request.headers, 'x-request-id': id },
      ...(body !== null && { body }),
    });
    const { allowance, isLater, messageId } = judge(request, answer);
    if (messageId !== null) known = messageId;
    books.book(String(answer.headers['x-request-id']), allowance, isLater);
  };

  const sendRaw = async ({ bytes }: RawRequest) => {
    const own = `raw-${serial}`;
    const text = await exchange(port, bytes(own));
    if (text !== '' && !/^HTTP\/1\.1 \d{3} /.test(text)) throw new Error(`no HTTP: ${text}`);
    if (/HTTP\/1\.1 500 /.test(text) && !/gateway-outcome: unknown/i.test(text)) throw new Error(`a 500: ${text}`);
    for (const answer of text.split(/(?=HTTP\/1\.1 \d{3} )/)) {
      const id = /^x-request-id: (.*?)\r?$/im.exec(answer)?.[1] ?? own;
      // Which route it was that the bytes hit is anyone's guess; but a refusal never sends. A batch refuses some items only.
      const isRefusal = /^HTTP\/1\.1 [45]/.test(answer) && /"outcome":"not_sent"/.test(answer);
      if (!isRefusal) books.book(id, { least: 0, most: 8 }, true);
    }
    books.look();
  };

  const either = fc.oneof(
    { weight: 9, arbitrary: anyRequest.map((request) => ({ request })) },
    { weight: 1, arbitrary: rawOf(anyRequest).map((raw) => ({ raw })) },
  );
  const property = fc.asyncProperty(either, async (one) => {
    serial += 1;
    if ('request' in one) await sendRequest(one.request);
    else await sendRaw(one.raw);
    if (stage.bugs() !== '') throw new Error(stage.bugs());
    if (serial === Math.floor(runs / 4)) afterFirstQuarter = stage.footprint();
  });
  const result = await fc.check(property, { numRuns: runs, seed, includeErrorInReport: true });
  t.equal(result.failed ? fc.defaultReportMessage(result) : null, null, `${result.numRuns} requests, seed ${seed}`);

  const ended = await atRest(port);
  t.equal(ended, true, 'every message that was taken in comes to its end');
  t.equal(books.isSettled(), true);
  t.equal(stage.bugs(), '');
  if (afterFirstQuarter !== null) checkGrowth(t, afterFirstQuarter, stage.footprint());
}

function checkGrowth(t: Test, before: Footprint, after: Footprint): void {
  for (const [name, tolerance] of Object.entries(TOLERANCE) as [keyof Footprint, number][]) {
    t.ok(after[name] - before[name] <= tolerance, `${name}: ${before[name]}, then ${after[name]}`);
  }
}

/** Waits until nothing is queued but what is due later, and nothing on its way. */
async function atRest(port: number): Promise<boolean> {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await pause(50)) {
    const headers = { authorization: `Bearer ${GATEWAY_KEY}` };
    const path = '/v1/messages?status=queued,sending&limit=200';
    const { messages } = (await call(port, { method: 'GET', path, headers })).json() as {
      messages: { status: string; waitingFor: string | null }[];
    };
    if (messages.every(({ status, waitingFor }) => status === 'queued' && waitingFor === 'schedule')) return true;
  }
  return false;
}

/** How long the gateway may wait for more of a request that has no more. */
const SILENCE_MS = 100;

/** Writes the pieces, and ends this side when there is an answer or none comes; gives all that comes back. */
function exchange(port: number, pieces: readonly Buffer[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const silence = setTimeout(() => socket.end(), SILENCE_MS);
    let text = '';
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
      socket.end();
    });
    // A reset is one of the ways in which a connection may end.
    socket
      .on('error', () => undefined)
      .once('close', () => {
        clearTimeout(silence);
        resolve(text);
      });
    for (const piece of pieces) socket.write(piece);
  });
}
