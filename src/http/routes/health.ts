import type { FastifyInstance } from 'fastify';

/** What the gateway says about its own state: short sentences without secrets or personal data. */
export interface Readiness {
  /** Why it should not get requests now; an empty list means that it is ready. */
  readonly reasons: readonly string[];
  /** What will become a reason if nobody acts. */
  readonly warnings: readonly string[];
}

export type ReadinessCheck = () => Promise<Readiness>;

/** `GET /livez` (the process answers) and `GET /readyz` (it can do its work). Open to all: they tell no secrets. */
export function addHealthRoutes(app: FastifyInstance, readiness: ReadinessCheck): void {
  app.get('/livez', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_, reply) => {
    const { reasons, warnings } = await readiness();
    if (reasons.length > 0) reply.code(503);
    return { status: reasons.length === 0 ? 'ready' : 'not_ready', reasons, warnings };
  });
}
