import { type ErrorCode, errorKinds } from '../kernel/errors.ts';
import { errorTexts } from './error-texts.ts';
import { type HeaderName, openHeaders } from './headers.ts';
import { type Content, type Ref, type Response, type Responses, ref } from './types.ts';

/** `gateway` answers problem documents; `dropIn` words them for readers of CommBox's envelopes, and passes on its own. */
export type Door = 'gateway' | 'dropIn';

/** The answers for failures, each described once for all routes that can give it. */
export interface ErrorResponses {
  /** Those of a route that can fail with these codes, by status. */
  of(codes: readonly ErrorCode[], door?: Door): Responses;
  /** Every one that was asked for, by component name. */
  components(): Readonly<Record<string, Response>>;
}

export function createErrorResponses(): ErrorResponses {
  const made = new Map<string, Response>();

  const reference = (codes: readonly ErrorCode[], door: Door): Ref => {
    const name = (door === 'gateway' ? codes : [door, ...codes]).join('.');
    if (!made.has(name)) made.set(name, door === 'gateway' ? ownResponse(codes) : dropInResponse(codes));
    return ref('responses', name);
  };

  return {
    of(codes, door = 'gateway') {
      // In the order of the table, so that equal sets have equal names.
      const sorted = allCodes.filter((code) => codes.includes(code));
      const byStatus = Map.groupBy(sorted, (code) => errorKinds[code].status);
      return Object.fromEntries([...byStatus].map(([status, group]) => [String(status), reference(group, door)]));
    },
    components: () => Object.fromEntries(made),
  };
}

const allCodes = Object.keys(errorKinds) as ErrorCode[];

function ownResponse(codes: readonly ErrorCode[]): Response {
  return {
    description: describe(codes),
    headers: openHeaders(...headersOf(codes)),
    content: problemContent(codes, 'Problem', (code) => code),
  };
}

function dropInResponse(codes: readonly ErrorCode[]): Response {
  const isPassedOn = codes.some((code) => PASSED_ON.has(errorKinds[code].status));
  const passed = isPassedOn ? `\n\nCommBox's own answer of this status comes back as it came, whatever its type.` : '';
  return {
    description: describe(codes) + passed,
    headers: openHeaders(...headersOf(codes), 'Gateway-Message-Id', 'Gateway-Outcome'),
    content: {
      ...problemContent(codes, 'DropInProblem', (code) => `dropIn.${code}`),
      ...(isPassedOn && { 'application/json': { schema: ref('schemas', 'CommboxEnvelope') } }),
    },
  };
}

/** What CommBox may answer itself at the drop-in door, beside what only the gateway does. */
const PASSED_ON: ReadonlySet<number> = new Set([400, 404, 500, 502, 503, 504]);

function problemContent(codes: readonly ErrorCode[], schema: string, nameOf: (code: ErrorCode) => string): Content {
  const examples = Object.fromEntries(codes.map((code) => [code, ref('examples', nameOf(code))]));
  return { 'application/problem+json': { schema: ref('schemas', schema), examples } };
}

function describe(codes: readonly ErrorCode[]): string {
  if (codes.length === 1) return codes.map((code) => `\`${code}\`: ${errorTexts[code]}.`).join('');
  return codes.map((code) => `- \`${code}\`: ${errorTexts[code]}.`).join('\n');
}

const LATER = new Set([429, 503]);
const WITH_LATER: ReadonlySet<ErrorCode> = new Set(['idempotency_in_flight', 'commbox_unauthorized']);

function headersOf(codes: readonly ErrorCode[]): HeaderName[] {
  const [status = 0] = codes.map((code) => errorKinds[code].status);
  const names: HeaderName[] = [];
  if (codes.includes('method_not_allowed')) names.push('Allow');
  if (codes.includes('unsupported_media_type')) names.push('Accept-Encoding');
  if (codes.includes('unauthorized')) names.push('WWW-Authenticate');
  else if (!codes.includes('method_not_allowed'))
    names.push('RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset');
  if (LATER.has(status) || codes.some((code) => WITH_LATER.has(code))) names.push('Retry-After');
  // Only what became of a message is kept for repeated requests: among it a canceled one, and one that a 500 ended, which
  // is described once for all routes.
  const isRepeated = codes.includes('idempotency_in_flight') && codes.includes('conflict');
  if (isRepeated || codes.some((code) => code.startsWith('commbox_') || code === 'internal_error'))
    names.push('Idempotency-Replayed');
  return names;
}
