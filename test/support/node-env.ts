import { fileURLToPath } from 'node:url';

/**
 * What a process of the gateway needs to be found and started. Tests start hundreds: what Node compiled for one of them,
 * all others use.
 */
export const nodeEnv = {
  PATH: process.env['PATH'],
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../../.tap/compiled', import.meta.url)),
} as const;
