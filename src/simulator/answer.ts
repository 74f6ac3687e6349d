import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SimulatorClock } from './clock.ts';
import { describeStatus, formatEnvelope } from './envelope.ts';

/** What goes out on the wire. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly contentType?: string;
  readonly text: string;
  /** Sends this many bytes of filler instead of the text, without a length. */
  readonly fillerBytes?: number;
  /** Destroys the socket when half of the text is out. */
  readonly breakOff?: boolean;
  /** Answered without reading the request, so the connection can't be used again. */
  readonly closeConnection?: boolean;
}

export interface AnswerWriter {
  /** This moment, as an envelope's `response_time`. */
  responseTime(): string;
  write(response: ServerResponse, answer: Answer): void;
  /** An answer in CommBox's envelope, its description that of the status unless given. */
  envelope(status: number, more?: { description?: string; data?: string; headers?: Record<string, string> }): Answer;
}

// RFC 9110, 15.3.5 and 15.4.5: these statuses have no content.
const bodiless: ReadonlySet<number> = new Set([204, 304]);
const FILLER = Buffer.alloc(64 * 1024, 'x');

function sendFiller(response: ServerResponse, bytes: number): void {
  let left = bytes;
  const pump = () => {
    while (left > 0 && !response.destroyed) {
      const piece = left < FILLER.length ? FILLER.subarray(0, left) : FILLER;
      left -= piece.length;
      if (!response.write(piece)) return void response.once('drain', pump);
    }
    response.end();
  };
  pump();
}

/** Ends a connection the hard way, as a crashed server or a lost network path would. */
export function dropConnection(request: IncomingMessage): void {
  request.socket.destroy();
}

/** Keeps the latest result: formatting a date costs more than the rest of an answer, and most share theirs. */
function remember(format: (time: number) => string): (time: number) => string {
  let lastTime = Number.NaN;
  let lastText = '';
  return (time) => {
    if (time !== lastTime) {
      lastTime = time;
      lastText = format(time);
    }
    return lastText;
  };
}

/** Writes answers dated by the simulator's clock, so that a `Retry-After` date and the `Date` header agree. */
export function createAnswerWriter(clock: SimulatorClock): AnswerWriter {
  const httpDate = remember((second) => new Date(second * 1000).toUTCString());
  const isoDate = remember((ms) => new Date(ms).toISOString());

  function headersOf(answer: Answer): Record<string, string | number> {
    return {
      Date: httpDate(Math.floor(clock.now() / 1000)),
      'Content-Type': answer.contentType ?? 'application/json; charset=utf-8',
      ...(answer.fillerBytes === undefined ? { 'Content-Length': Buffer.byteLength(answer.text) } : {}),
      ...(answer.closeConnection ? { Connection: 'close' } : {}),
      ...answer.headers,
    };
  }

  return {
    responseTime: () => isoDate(clock.now()),
    write(response, wanted) {
      if (response.destroyed) return;
      const answer = bodiless.has(wanted.status) ? { ...wanted, text: '' } : wanted;
      response.sendDate = false;
      response.writeHead(answer.status, headersOf(answer));
      if (answer.fillerBytes !== undefined) return sendFiller(response, answer.fillerBytes);
      if (!answer.breakOff) return void response.end(answer.text);
      const half = answer.text.slice(0, Math.floor(answer.text.length / 2));
      response.write(half, () => response.socket?.destroy());
    },
    envelope(status, { description, data, headers } = {}) {
      const text = formatEnvelope({
        status,
        description: description ?? describeStatus(status),
        responseTime: isoDate(clock.now()),
        data,
      });
      return { status, text, ...(headers === undefined ? {} : { headers }) };
    },
  };
}
