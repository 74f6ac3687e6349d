import { type ErrorCode, errorKinds } from '../../../src/kernel/errors.ts';
import type { Answer } from '../../http/call.ts';
import type { Allowance } from './bookkeeping.ts';
import type { FuzzRequest } from './request.ts';

/** The only 5xx that a gateway without a fault of its own gives while CommBox has its bad moments. */
const DOCUMENTED_5XX: readonly string[] = ['commbox_error', 'commbox_timeout', 'commbox_unreachable', 'overloaded'];
/** What a valid request may meet all the same: CommBox's bad moments, and a key that was used before. */
const EXCUSES: readonly string[] = [...DOCUMENTED_5XX, 'idempotency_mismatch', 'idempotency_in_flight', 'rate_limited'];

const MEMBERS = new Set(
  'type title status detail code outcome requestId messageId errors upstream description response_time'.split(' '),
);

export interface Judgement {
  readonly allowance: Allowance;
  /** The calls may come after the answer. */
  readonly isLater: boolean;
  readonly messageId: string | null;
}

const NONE: Allowance = { least: 0, most: 0 };

/** What an answer means for CommBox. @throws Error for one that no caller should get. */
export function judge(request: FuzzRequest, answer: Answer): Judgement {
  const { status, headers } = answer;
  if (request.method === 'HEAD') return nothing();
  const code = status >= 400 && /problem\+json/.test(String(headers['content-type'])) ? checkProblem(answer) : null;
  const outcome = headers['gateway-outcome'];
  if (status >= 500 && code === null && outcome !== 'unknown') throw new Error(`a bare ${status}`);
  if (status >= 400 && code === null && outcome === undefined)
    throw new Error(`a ${status} that is no problem document`);
  if (request.kind === 'broken' && (status < 400 || status >= 500) && code !== 'overloaded') {
    throw new Error(`taken, though broken: ${status}`);
  }
  if (request.kind === 'valid' && status >= 400 && !EXCUSES.includes(code ?? '')) {
    throw new Error(`refused, though valid: ${status} ${answer.text}`);
  }
  if (request.method !== 'POST' || headers['idempotency-replayed'] === 'true') return nothing();
  if (code !== null) return isUnknown(answer) ? { ...nothing(), allowance: { least: 0, most: 1 } } : nothing();
  return judgeSend(request, answer);
}

function judgeSend({ path }: FuzzRequest, { status, headers, json }: Answer): Judgement {
  const messageId = typeof headers['location'] === 'string' ? (headers['location'].split('/').at(-1) ?? null) : null;
  if (path.startsWith('/streams/')) {
    // CommBox's own answer, whatever it was, came from one call.
    if (status !== 202) return { allowance: { least: 1, most: 1 }, isLater: false, messageId };
    return { allowance: { least: 0, most: 1 }, isLater: true, messageId };
  }
  if (status === 201) return { allowance: { least: 1, most: 1 }, isLater: false, messageId };
  if (status !== 202) return nothing();
  const { results } = json() as { results?: { status?: string }[] };
  const most = results === undefined ? 1 : results.filter((result) => result.status !== undefined).length;
  return { allowance: { least: 0, most }, isLater: true, messageId };
}

function nothing(): Judgement {
  return { allowance: NONE, isLater: false, messageId: null };
}

function isUnknown(answer: Answer): boolean {
  return answer.json()['outcome'] === 'unknown';
}

/** Everything that the format promises of a problem document; gives its code. */
function checkProblem({ status, headers, text, json }: Answer): string {
  const problem = json();
  const fail = (what: string): never => {
    throw new Error(`${what}: ${text}`);
  };
  const code = String(problem['code']);
  if (!Object.hasOwn(errorKinds, code)) fail('an unknown code');
  const kind: { status: number; title: string; outcome?: string } = errorKinds[code as ErrorCode];
  if (problem['status'] !== status || kind.status !== status) fail(`status ${status}`);
  if (problem['title'] !== kind.title || problem['type'] !== `urn:commbox-gateway:problem:${code}`)
    fail('type or title');
  if (status >= 500 && !DOCUMENTED_5XX.includes(code)) fail('a 5xx that should not be');
  if (kind.outcome !== undefined && problem['outcome'] !== kind.outcome) fail('outcome');
  if (![undefined, 'not_sent', 'unknown'].includes(problem['outcome'] as string)) fail('outcome');
  if (typeof problem['detail'] !== 'string' || problem['detail'] === '') fail('detail');
  if (problem['requestId'] !== headers['x-request-id']) fail('requestId');
  const errors = (problem['errors'] ?? []) as { pointer: unknown; message: unknown }[];
  if (errors.length > 20) fail('too many errors');
  for (const { pointer, message } of errors) {
    if (typeof pointer !== 'string' || !/^(\/|$)/.test(pointer) || typeof message !== 'string') fail('errors');
  }
  for (const member of Object.keys(problem)) if (!MEMBERS.has(member)) fail(`member ${member}`);
  if (/\n\s+at |node_modules|\.ts:\d/.test(text)) fail('a stack');
  return code;
}
