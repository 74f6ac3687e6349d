import type { FastifyInstance } from 'fastify';
import type { Clock } from '../kernel/clock.ts';
import { addConnectionCount } from './connection-count.ts';
import { type ConnectionLimits, defaultConnectionLimits } from './connection-limits.ts';
import { addDoor, createOverload, defaultOverloadLimits, type Overload, type OverloadOptions } from './overload.ts';
import { createCollector, createGauge } from './overload-gauge.ts';

export interface OverloadSetup {
  readonly clock: Clock;
  /** Default: {@link defaultOverloadLimits}. */
  readonly overloadLimits?: OverloadOptions['limits'];
  /** Default: {@link defaultConnectionLimits}. */
  readonly connectionLimits?: ConnectionLimits;
}

/** Everything that turns requests away before it is known who asks. Register after the request hooks. */
export async function addOverload(app: FastifyInstance, options: OverloadSetup): Promise<Overload> {
  const { clock, overloadLimits = defaultOverloadLimits, connectionLimits = defaultConnectionLimits } = options;
  const measure = await createGauge(app, app.requestsInProgress);
  const overload = createOverload({ limits: overloadLimits, measure, onMemoryShort: createCollector(clock) });
  addConnectionCount(app, connectionLimits.connections, overload.refusal);
  addDoor(app, overload);
  return overload;
}
