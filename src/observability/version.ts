import { readFileSync } from 'node:fs';

/** The version of the gateway, as `package.json` states it. */
export function gatewayVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
