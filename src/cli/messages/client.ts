import { request } from 'undici';
import { codeOf, explainFailure } from '../../kernel/failure-words.ts';
import { StartError } from '../../kernel/start-error.ts';
import { refusalOf } from './refusal.ts';
import type { Target } from './target.ts';

/** An answer of the gateway other than an error. */
export interface GatewayAnswer {
  /** As it came: numbers keep every digit. */
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A caller of one gateway. */
export interface GatewayClient {
  /**
   * One call, never repeated: a lost answer to `resend` must not send twice.
   *
   * @throws GatewayRefusal for an error of the gateway; StartError if there was none to talk to.
   */
  call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<GatewayAnswer>;
}

// Longer than the gateway itself waits for CommBox.
const TIMEOUT_MS = 60_000;

export function createGatewayClient({ url, key }: Target): GatewayClient {
  return {
    async call(method, path, body) {
      const { status, text } = await exchange(url, `${url}${path}`, {
        method,
        headers: {
          accept: 'application/json',
          ...(key !== null && { authorization: `Bearer ${key}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        headersTimeout: TIMEOUT_MS,
        bodyTimeout: TIMEOUT_MS,
      });
      const parsed = parse(text);
      if (status >= 200 && status < 300 && parsed !== null) return { text, body: parsed };
      throw refusalOf({ url, status, text, body: parsed, hasKey: key !== null });
    },
  };
}

async function exchange(url: string, target: string, options: Parameters<typeof request>[1]) {
  try {
    const { statusCode, body } = await request(target, options);
    return { status: statusCode, text: await body.text() };
  } catch (error) {
    const hint = codeOf(error) === 'ECONNREFUSED' ? '. Is the gateway running? Give --url if it is elsewhere' : '';
    throw new StartError(`No gateway answers at ${url}: ${explainFailure(error)}${hint}`, { cause: error });
  }
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
