import type { HttpRequest } from '../lib/load.ts';
import { smsRequest } from '../payloads.ts';

/** The usual text message, to be stored and sent later. */
export function acceptRequest(fields: Readonly<Record<string, string>> = {}): HttpRequest {
  const { path, headers, body } = smsRequest();
  return {
    path,
    headers: { ...headers, prefer: 'respond-async' },
    body: JSON.stringify({ ...(JSON.parse(body) as object), ...fields }),
  };
}

/** Sends it once. @throws unless the answer has this status. Resolves with the message's id. */
export async function sendOnce(port: number, request: HttpRequest, status: number): Promise<string> {
  const { path, headers, body } = request;
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body });
  const answer = await response.text();
  if (response.status !== status) throw new Error(`the gateway answered ${response.status}: ${answer}`);
  return (JSON.parse(answer) as { id: string }).id;
}
