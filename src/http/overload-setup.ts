import type { FastifyInstance } from 'fastify';
import type { Clock } from '../kernel/clock.ts';
import { addConnectionCount } from './connection-count.ts';
import { type ConnectionLimits, defaultConnectionLimits } from './connection-limits.ts';
import { addDoor, createOverload, type Overload, type Pressure } from './overload.ts';
import { createCollector, createGauge } from './overload-gauge.ts';
import { addPipelineLimit } from './pipeline-limit.ts';

export interface OverloadSetup {
  readonly clock: Clock;
  /** Asked at every request. Default: what this process measures of itself. */
  readonly measurePressure?: (() => Pressure) | undefined;
  /** Default: {@link defaultConnectionLimits}. */
  readonly connectionLimits?: ConnectionLimits;
}

/** Everything that turns requests away before it is known who asks. Register after the request hooks. */
export async function addOverload(app: FastifyInstance, options: OverloadSetup): Promise<Overload> {
  const { clock, connectionLimits = defaultConnectionLimits } = options;
  const measure = options.measurePressure ?? (await createGauge(app, app.requestsInProgress));
  const overload = createOverload({ measure, onMemoryShort: createCollector(clock) });
  addConnectionCount(app, connectionLimits.connections, overload.refusal);
  addPipelineLimit(app, connectionLimits.pipelined, overload.refusal);
  addDoor(app, overload);
  return overload;
}
