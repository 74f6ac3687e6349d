import type { Test } from 'tap';
import type { Clock } from '../../src/kernel/clock.ts';
import type { ErrorCode } from '../../src/kernel/errors.ts';
import { expectProblem } from '../http/expect-problem.ts';
import { type Gateway, least, startGateway } from '../support/gateway.ts';
import { form } from './form.ts';

/**
 * How a message goes to the gateway, and from there to CommBox: as JSON or with a file, its caller waiting or not.
 * `upload` is a file that no buffer between the two can hold.
 */
export type Way = 'json' | 'form' | 'upload' | 'async json' | 'async form';

/** What a fault must come to. */
export interface Expected {
  /** What a waiting caller is told; null: 201. */
  readonly code: ErrorCode | null;
  readonly outcome: 'sent' | 'not_sent' | 'unknown';
  /** Of the message in the end. */
  readonly state: 'sent' | 'failed' | 'unknown' | 'queued';
  /** Requests whose head CommBox saw, and whose body it saw in full. */
  readonly calls: number;
  readonly complete: number;
}

export interface Upstream {
  readonly url: string;
  seen(): { readonly calls: number; readonly complete: number };
}

export interface Faulty {
  readonly way: Way;
  readonly upstream: Upstream;
  readonly expected: Expected;
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
}

const UPLOAD_BYTES = 20 * 1024 ** 2;

/** Sends one message into a fault and checks all that can be seen of it from both ends. */
export async function checkFault(t: Test, { way, upstream, expected, env = {}, clock }: Faulty): Promise<Gateway> {
  const gateway = await startGateway(t, {
    env: { COMMBOX_API_URL: upstream.url, ...env },
    ...(clock !== undefined && { clock }),
  });
  const isAsync = way.startsWith('async');
  const { path, body, headers } = requestOf(way);
  const answer = await gateway.post(path, body, { ...headers, ...(isAsync && { prefer: 'respond-async' }) });
  let id: unknown;
  if (isAsync) {
    t.equal(answer.status, 202, answer.text);
    id = answer.json()['id'];
  } else if (expected.code === null) {
    t.equal(answer.status, 201, answer.text);
    id = answer.json()['id'];
  } else {
    const { outcome } = expected;
    const problem = expectProblem(t, answer, { code: expected.code, ...(outcome !== 'sent' && { outcome }) });
    id = problem['messageId'];
  }
  // What is tried again for ever is looked at as soon as it waits.
  const [isThere, prefer] = expected.state === 'queued' ? [waits, 'wait=0'] : [hasEnded, 'wait=20'];
  const view = async () => (await gateway.get(`/v1/messages/${id}`, { prefer })).json();
  let message = await view();
  while (!isThere(message)) message = await view();
  t.equal(message['status'], expected.state, 'state');
  if (expected.state === 'failed' || expected.state === 'unknown') {
    t.match(message, { code: expected.code, outcome: expected.outcome });
  }
  const { calls, complete } = expected;
  t.strictSame(upstream.seen(), { calls, complete }, 'what CommBox saw');
  if (expected.state === 'sent') t.same(await gateway.leftInSpool(), [], 'no file is left');
  return gateway;
}

const hasEnded = ({ status }: Record<string, unknown>) => status !== 'queued' && status !== 'sending';
const waits = ({ status, attempts }: Record<string, unknown>) => status === 'queued' && Number(attempts) > 0;

function requestOf(way: Way): { path: string; body: unknown; headers: Record<string, string> } {
  if (way.endsWith('json')) return { path: '/v1/sms', body: least.sms, headers: {} };
  const content = Buffer.alloc(way === 'upload' ? UPLOAD_BYTES : 1_000, 'x');
  const data = JSON.stringify({ ...least.email, subject: 'Files' });
  return {
    path: '/v1/email',
    ...form([
      { name: 'data', content: data },
      { fileName: 'a.bin', content },
    ]),
  };
}
