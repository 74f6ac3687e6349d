import { form } from '../e2e/form.ts';
import type { Call } from '../http/call.ts';
import { GATEWAY_KEY, STREAMS } from './gateway.ts';

/**
 * `plain`: no key, its caller waits. `keyed`: with an `Idempotency-Key`. `dropIn`: the same at CommBox's own route.
 * `async`: answered before it is sent. `bare`: the same without a key. `resend`: async, and duplicates are accepted.
 * `files` and `asyncFiles`: e-mails with attachments, keyed.
 */
export const sendKinds = ['plain', 'keyed', 'dropIn', 'async', 'bare', 'resend', 'files', 'asyncFiles'] as const;
export type SendKind = (typeof sendKinds)[number];

/** What one answer of the gateway said about a send. */
export interface SendAnswer {
  readonly status: number;
  readonly id: string | null;
  readonly objectId: string | null;
  readonly outcome: string | null;
  readonly code: string | null;
  readonly body: string;
}

/** One message that a client wants sent, and all that it was told about it. */
export interface Send {
  readonly kind: SendKind;
  /** Found nowhere else: what CommBox received for this send bears it. */
  readonly text: string;
  readonly isKeyed: boolean;
  readonly isAsync: boolean;
  readonly call: Call;
  readonly answers: SendAnswer[];
  /** How often a connection broke before the answer; one that could not be made does not count. */
  losses: number;
}

/** Makes the send with this number; numbers must not repeat within `run`. */
export function createSend(run: string, number: number, kind: SendKind): Send {
  const text = `${run}-${number}`;
  const isKeyed = kind !== 'plain' && kind !== 'bare';
  const isAsync = kind === 'async' || kind === 'bare' || kind === 'resend' || kind === 'asyncFiles';
  const { path, headers, body } = bodyOf(kind, text, number);
  return {
    kind,
    text,
    isKeyed,
    isAsync,
    answers: [],
    losses: 0,
    call: {
      path,
      body,
      headers: {
        authorization: `Bearer ${GATEWAY_KEY}`,
        // Passed on, it tells of calls that CommBox could not read to whom they belonged.
        'x-request-id': text,
        ...headers,
        ...(isKeyed && { 'idempotency-key': text }),
        ...(isAsync && { prefer: 'respond-async' }),
      },
    },
  };
}

// Each has a recipient of its own, by which it can be looked up at CommBox.
function bodyOf(kind: SendKind, text: string, number: number): Required<Pick<Call, 'path' | 'headers' | 'body'>> {
  const phone = `97254${String(1_000_000 + (number % 9_000_000))}`;
  const json = { 'content-type': 'application/json' };
  switch (kind) {
    case 'files':
    case 'asyncFiles': {
      const data = { to: `u${number}@example.com`, subject: 'Invoice', text, reference: text };
      const file = { fileName: 'invoice.pdf', contentType: 'application/pdf', content: text.padEnd(20_000, '.') };
      return { path: '/v1/email', ...form([{ name: 'data', content: JSON.stringify(data) }, file]) };
    }
    case 'dropIn': {
      const data = { Type: 4, UserStreamProviderId: phone, UserStreamProviderType: 5, Message: text };
      return { path: `/streams/${STREAMS.sms}/objects`, headers: json, body: JSON.stringify({ data }) };
    }
    default: {
      const onUnknown = kind === 'resend' ? { onUnknown: 'resend' } : {};
      const message = { to: `+${phone}`, text, reference: text, ...onUnknown };
      return { path: '/v1/sms', headers: json, body: JSON.stringify(message) };
    }
  }
}
