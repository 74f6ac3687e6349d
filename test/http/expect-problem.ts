import type { Test } from 'tap';
import { type ErrorCode, errorKinds } from '../../src/kernel/errors.ts';
import type { Answer } from './call.ts';

export interface ExpectedProblem {
  readonly code: ErrorCode;
  /** Default: what the code implies. `null`: the member is not there. */
  readonly outcome?: 'not_sent' | 'unknown' | null;
  /** Pointers of the faults, in their order; default: not looked at. */
  readonly pointers?: readonly string[];
  readonly upstream?: { readonly status: number; readonly description: string | null };
}

/** Checks everything that an answer in the problem format owes its reader, and gives its body. */
export function expectProblem(t: Test, answer: Answer, expected: ExpectedProblem): Record<string, unknown> {
  const { code, pointers, upstream } = expected;
  const kind: { status: number; title: string; outcome?: string } = errorKinds[code];
  const body = answer.json();
  t.match(answer.headers['content-type'], /^application\/problem\+json/, `${code}: content type`);
  t.equal(answer.status, kind.status, `${code}: HTTP status`);
  t.match(body, { type: `urn:commbox-gateway:problem:${code}`, title: kind.title, status: kind.status, code });
  t.match(body['detail'], /\S/, `${code}: detail`);
  t.equal(body['requestId'], answer.headers['x-request-id'], `${code}: requestId`);
  const { outcome = kind.outcome ?? null } = expected;
  t.equal(body['outcome'] ?? null, outcome, `${code}: outcome`);
  if (pointers !== undefined)
    t.strictSame(
      faultsOf(answer).map((fault) => fault.pointer),
      pointers,
      `${code}: pointers`,
    );
  if (upstream !== undefined) t.strictSame(body['upstream'], upstream, `${code}: upstream`);
  return body;
}

/** The faults that a problem lists. */
export function faultsOf(answer: Answer): { pointer: string; message: string }[] {
  const { errors = [] } = answer.json() as { errors?: { pointer: string; message: string }[] };
  return errors;
}
