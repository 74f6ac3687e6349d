import fc from 'fast-check';
import { GATEWAY_KEY } from '../../support/gateway.ts';

export interface FuzzRequest {
  readonly kind: 'valid' | 'broken' | 'wild';
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | null;
}

/** A caller that may do less than the one of {@link GATEWAY_KEY}. */
export const NARROW_KEY = 'fuzz-key-of-a-caller-with-few-rights';

export const json = { 'content-type': 'application/json' };
export const admin = { authorization: `Bearer ${GATEWAY_KEY}` };
export const key = fc.constantFrom<Record<string, string>>(
  ...Array.from({ length: 8 }, () => admin),
  { 'x-api-key': GATEWAY_KEY },
  { 'x-api-key': NARROW_KEY },
);
const value = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  maxLength: 40,
});
/** Headers that may mean anything, with values that mean little. */
export const odd = fc.dictionary(
  fc.constantFrom(
    ...['authorization', 'x-api-key', 'prefer', 'idempotency-key', 'gateway-lane', 'content-type', 'traceparent'],
    ...['content-encoding', 'x-request-id', 'range', 'if-match', 'cookie', 'origin', 'x-forwarded-for', 'upgrade'],
    ...['x-http-method-override', '__proto__', 'te', 'expect'],
  ),
  fc.oneof(value, fc.constantFrom('respond-async', 'wait=99', 'critical', 'gzip', 'application/json; charset=utf-16')),
  { maxKeys: 4 },
);
