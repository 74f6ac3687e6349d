import { lanes } from '../channels/channel.ts';
import { type JsonSchema, type Parameter, type Ref, ref } from './types.ts';

/** What the parsers of headers enforce in code, in the words of JSON Schema. */
export interface ParameterRules {
  /** Longest `wait` of `Prefer`, in seconds. */
  readonly longestWaitSeconds: number;
  /** Longest `Idempotency-Key`, quotes aside. */
  readonly longestKey: number;
  /** Pattern of an `X-Request-Id` that is taken over. */
  readonly requestId: RegExp;
}

const names = [
  'IdempotencyKey',
  'Prefer',
  'PreferWait',
  'RequestId',
  'Traceparent',
  'GatewayLane',
  'MessageId',
] as const;
export type ParameterName = (typeof names)[number];

/**
 * Every header and path member that requests share, by component name. Examples stand in the descriptions: elsewhere,
 * tools send them without being asked, and nobody wants every trial to be the same `Idempotency-Key`.
 */
export function createParameters(rules: ParameterRules): Readonly<Record<ParameterName, Parameter>> {
  const { longestWaitSeconds: longest, longestKey, requestId } = rules;
  // Room for the quotes, and for a backslash before each character within.
  const key = { type: 'string', minLength: 1, maxLength: 2 + 2 * longestKey, pattern: '^[\\x20-\\x7e]+$' };
  const text = { type: 'string' };
  return {
    IdempotencyKey: header(
      'Idempotency-Key',
      `Makes a repeat safe: the same key with the same request sends nothing again and gets the first answer. 1 to ${longestKey} printable ASCII characters such as \`order-4711-shipped\`, bare or in double quotes.`,
      key,
    ),
    Prefer: header(
      'Prefer',
      `How the answer should come (RFC 7240). \`wait=N\`, 0 to ${longest} seconds: how long the message may wait for its turn. \`respond-async\`: answer 202 as soon as the message is stored. \`respond-async, wait=N\`: the result within N seconds, else 202.`,
      text,
    ),
    PreferWait: header(
      'Prefer',
      `\`wait=N\`, 0 to ${longest} seconds: waits so long for a final state (RFC 7240).`,
      text,
    ),
    RequestId: header(
      'X-Request-Id',
      'Your id for the request: echoed, logged, sent on. One that does not match is replaced.',
      { ...text, pattern: requestId.source },
    ),
    Traceparent: header(
      'traceparent',
      'W3C Trace Context: echoed, logged, sent on. One that is not well formed is replaced.',
      text,
    ),
    GatewayLane: header('Gateway-Lane', "Priority class. Default: the stream's or the caller's.", {
      ...text,
      enum: [...lanes],
    }),
    MessageId: { name: 'id', in: 'path', required: true, description: 'Id of the message.', schema: text },
  };
}

function header(name: string, description: string, schema: JsonSchema): Parameter {
  return { name, in: 'header', description, schema };
}

/** References to parameters; those that every route takes come last. */
export function parameterRefs(...own: readonly ParameterName[]): Ref[] {
  return [...own, 'RequestId' as const, 'Traceparent' as const].map((name) => ref('parameters', name));
}
