import { readFile } from 'node:fs/promises';
import { createGatewayClient, type GatewayClient } from './client.ts';
import { GatewayRefusal } from './refusal.ts';
import { findTarget } from './target.ts';

/**
 * Lets a command talk to the gateway that the options and the environment name. A refusal is printed, with `--json` as
 * it came, and ends in exit code 1.
 */
export async function converse(
  options: { readonly url?: string | undefined; readonly json?: boolean | undefined },
  talk: (gateway: GatewayClient) => Promise<void>,
): Promise<number> {
  const source = { env: process.env, cwd: process.cwd(), readFile: (path: string) => readFile(path, 'utf8') };
  const gateway = createGatewayClient(await findTarget(source, options.url));
  try {
    await talk(gateway);
    return 0;
  } catch (error) {
    if (!(error instanceof GatewayRefusal)) throw error;
    if (options.json === true && error.text !== null) console.log(error.text);
    else console.error(error.message);
    return 1;
  }
}
