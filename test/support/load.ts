import { setTimeout as pause } from 'node:timers/promises';
import { type Answer, call } from '../http/call.ts';
import { createSend, type Send, type SendAnswer, type SendKind } from './sends.ts';

export interface LoadOptions {
  /** Begins every text of this load. */
  readonly run: string;
  /** Where to send next; resolves when there is somewhere. */
  readonly port: () => Promise<number>;
  /** What to send next. */
  readonly nextKind: () => SendKind;
  readonly clients: number;
}

/** Clients that send as fast as they are answered, and remember what they were told. */
export interface Load {
  readonly sends: readonly Send[];
  /** Stops making new sends, and resolves when every send has got its last answer. */
  finish(): Promise<void>;
}

const MOST_PATIENT_MS = 2_000;
// Beyond it a gateway that starts meets little but those who ask again.
const MOST_REPEATING = 150;

/**
 * Starts clients as they should be: a request with a key is repeated, after a lost connection and when it is told to
 * come again, until it has its answer; one without a key never is.
 */
export function startLoad({ run, port, nextKind, clients }: LoadOptions): Load {
  const sends: Send[] = [];
  const repeats = new Set<Promise<void>>();
  let isFinishing = false;

  const client = async () => {
    while (!isFinishing) {
      if (repeats.size >= MOST_REPEATING) await Promise.race(repeats);
      const send = createSend(run, sends.length, nextKind());
      sends.push(send);
      await attempt(send, await port());
      if (!send.isKeyed || isAnswered(send)) continue;
      // Whoever waits for one answer does not keep others from asking.
      const repeat = insist(send, port).finally(() => repeats.delete(repeat));
      repeats.add(repeat);
    }
  };
  const running = Array.from({ length: clients }, client);

  return {
    sends,
    async finish() {
      isFinishing = true;
      await Promise.all(running);
      await Promise.all(repeats);
    },
  };
}

/** Repeats a send with a key until it is answered for good. */
export async function insist(send: Send, port: () => Promise<number>): Promise<void> {
  for (;;) {
    const retryAfterMs = await attempt(send, await port());
    if (isAnswered(send)) return;
    await pause(retryAfterMs);
  }
}

/** Sends once; resolves with how long to wait before a repetition. */
async function attempt(send: Send, port: number): Promise<number> {
  try {
    const answer = await call(port, send.call);
    const read = readAnswer(answer);
    if (isOfProxy(read)) send.losses++;
    else send.answers.push(read);
    return Math.min(Number(answer.headers['retry-after'] ?? 1) * 1_000, MOST_PATIENT_MS);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED')) send.losses++;
    return 0;
  }
}

/** Whether the last answer is one that a client accepts as the end. */
function isAnswered({ answers }: Send): boolean {
  const last = answers.at(-1);
  if (last === undefined) return false;
  return !(last.status === 429 || last.status === 503 || last.code === 'idempotency_in_flight');
}

/** Whether a proxy said that it got no answer, which is no better than a connection that broke. */
const isOfProxy = ({ status, id }: SendAnswer) => status === 502 && id === null;

/** What an answer says, whichever door gave it. */
export function readAnswer({ status, headers, text, json }: Answer): SendAnswer {
  const isJson = /json/.test(String(headers['content-type']));
  const { id, messageId, objectId, outcome, code } = isJson ? json() : {};
  const textOf = (value: unknown) => (typeof value === 'string' ? value : null);
  return {
    status,
    id: textOf(headers['gateway-message-id']) ?? textOf(id) ?? textOf(messageId),
    objectId: textOf(objectId),
    outcome: textOf(headers['gateway-outcome']) ?? textOf(outcome),
    code: textOf(code),
    body: text,
  };
}
