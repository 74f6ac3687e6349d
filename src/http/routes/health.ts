import type { FastifyInstance } from 'fastify';

/** Why the gateway should not get requests now; an empty list means that it is ready. */
export type ReadinessCheck = () => Promise<readonly string[]>;

/** `GET /livez` (the process answers) and `GET /readyz` (it can do its work). Open to all: they tell no secrets. */
export function addHealthRoutes(app: FastifyInstance, readiness: ReadinessCheck): void {
  app.get('/livez', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_, reply) => {
    const reasons = await readiness();
    if (reasons.length > 0) reply.code(503);
    return { status: reasons.length === 0 ? 'ready' : 'not_ready', reasons };
  });
}
