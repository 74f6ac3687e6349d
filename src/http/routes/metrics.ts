import type { FastifyInstance } from 'fastify';
import { GatewayError } from '../../kernel/errors.ts';
import type { Scrape } from '../../observability/metrics.ts';
import { callerOf } from '../auth.ts';

/**
 * `GET /metrics` for admins: the figures name callers and accounts, and say how much each sends. Needs an authenticated
 * scope.
 */
export function addMetricsRoute(app: FastifyInstance, scrape: () => Promise<Scrape>): void {
  app.get('/metrics', async (request) => {
    if (!callerOf(request).admin) throw new GatewayError('forbidden', 'Only an admin may read the metrics.');
    const { contentType, body } = await scrape();
    const headers = { 'content-type': contentType, 'cache-control': 'no-store' };
    return { status: 200, headers, body, error: null };
  });
}
