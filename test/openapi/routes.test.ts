import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { FastifyInstance } from 'fastify';
import t, { type Test } from 'tap';
import { startGateway } from '../support/gateway.ts';
import { operationsOf, readDocument } from './support.ts';

t.test('the document has every route of the gateway, and no other', async (t) => {
  const registered = recordRoutes(t);
  const { port } = await startGateway(t);
  const documented = operationsOf(await readDocument(port)).map(({ method, path }) => `${method} ${path}`);
  // The page of the document loads these.
  const routes = registered.filter((route) => !route.startsWith('GET /docs/'));
  t.ok(routes.length > 15);
  t.strictSame(documented.sort(), routes.sort());
});

t.test('operations have names of their own, a summary and a known tag', async (t) => {
  const { port } = await startGateway(t);
  const document = await readDocument(port);
  const operations = operationsOf(document).map(({ operation }) => operation);
  t.equal(new Set(operations.map(({ operationId }) => operationId)).size, operations.length);
  const tags = document.tags.map(({ name }) => name);
  for (const { operationId, summary, tags: own } of operations) {
    t.ok(summary.length > 3 && own.every((tag) => tags.includes(tag)), operationId);
  }
});

/** Every route that Fastify gets from now on, as `GET /v1/messages/{id}`; the HEAD that it adds to each GET aside. */
function recordRoutes(t: Test): string[] {
  const routes: string[] = [];
  const watch = (message: unknown) => {
    (message as { fastify: FastifyInstance }).fastify.addHook('onRoute', ({ method, url }) => {
      const path = url.replace(/:(\w+)/g, '{$1}');
      for (const name of [method].flat()) if (name !== 'HEAD') routes.push(`${name} ${path}`);
    });
  };
  subscribe('fastify.initialization', watch);
  t.teardown(() => unsubscribe('fastify.initialization', watch));
  return routes;
}
