import { printable } from '../table.ts';

/** The gateway said no. The message is for a person, `text` is the answer as it came, where it was the gateway's. */
export class GatewayRefusal extends Error {
  override readonly name = 'GatewayRefusal';
  readonly text: string | null;

  constructor(message: string, text: string | null) {
    super(message);
    this.text = text;
  }
}

interface Refused {
  readonly url: string;
  readonly status: number;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>> | null;
  readonly hasKey: boolean;
}

/** Problem details (RFC 9457) as a person reads them; an answer without them did not come from a gateway. */
export function refusalOf({ url, status, text, body, hasKey }: Refused): GatewayRefusal {
  if (body === null || typeof body['title'] !== 'string' || typeof body['detail'] !== 'string') {
    return new GatewayRefusal(`What answers at ${url} is not a gateway (HTTP ${status}): check --url`, null);
  }
  const lines = [`${body['title']}: ${body['detail']}`, ...faultsOf(body['errors'])];
  if (typeof body['requestId'] === 'string') lines.push(`  in the gateway's log as request ${body['requestId']}`);
  if (body['code'] === 'unauthorized') {
    lines.push(`  GATEWAY_API_KEY is ${hasKey ? 'no key of this gateway' : 'not set'}`);
  }
  return new GatewayRefusal(lines.map(printable).join('\n'), text);
}

function faultsOf(errors: unknown): string[] {
  if (!Array.isArray(errors)) return [];
  return errors.flatMap((fault: unknown) => {
    const { pointer, message } = (fault ?? {}) as Record<string, unknown>;
    return typeof message === 'string' ? [`  ${String(pointer)}: ${message}`] : [];
  });
}
