import { createRequire, registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { OpenapiDocument } from '../../src/openapi/types.ts';

/**
 * The document as TypeScript, by openapi-typescript. That needs the compiler's API of TypeScript 5, which TypeScript 7
 * has no more; tap brings one along, so it gets that.
 */
export async function generateTypes(document: OpenapiDocument): Promise<string> {
  const parentURL = pathToFileURL(createRequire(import.meta.resolve('tap')).resolve('@tapjs/test')).href;
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, specifier === 'typescript' ? { ...context, parentURL } : context),
  });
  try {
    const { default: generate, astToString } = await import('openapi-typescript');
    return astToString(await generate(JSON.stringify(document)));
  } finally {
    hooks.deregister();
  }
}
