import type { Test } from 'tap';
import { call } from '../http/call.ts';
import { startLoad } from '../support/load.ts';
import { anyPort, createNode, type Node } from '../support/node.ts';
import { hastyKind, settleAndCheck, startUneasySimulator } from './kills.ts';
import { postgresPlace } from './place.ts';

const CALLS_BETWEEN = 60;

/**
 * Restarts PostgreSQL under load, in turn cleanly and as after a crash. The gateways go on running; then checks what
 * became of every message.
 */
export async function survivePostgresRestarts(
  t: Test,
  { restarts, gateways }: { readonly restarts: number; readonly gateways: number },
): Promise<void> {
  const place = await postgresPlace(t);
  const simulator = await startUneasySimulator();
  t.teardown(() => simulator.close());
  const nodes: Node[] = [];
  while (nodes.length < gateways) nodes.push(createNode(t, { env: await place.env(simulator) }));
  for (const node of nodes) node.start();
  const ports = await Promise.all(nodes.map((node) => node.port()));
  const load = startLoad({ run: 'restart', port: () => anyPort(nodes), clients: 24, nextKind: hastyKind });

  for (let count = 0; count < restarts; count++) {
    const mode = count % 2 === 0 ? 'fast' : 'immediate';
    await simulator.waitFor(simulator.counts().calls + CALLS_BETWEEN);
    await place.server.stop(mode);
    const readiness = await Promise.all(ports.map((port) => call(port, { method: 'GET', path: '/readyz' })));
    const statuses = readiness.map(({ status }) => status);
    t.strictSame(new Set(statuses), new Set([503]), `${mode}: no gateway is ready without its store`);
    await place.server.start();
  }
  await simulator.waitFor(simulator.counts().calls + CALLS_BETWEEN);
  await settleAndCheck(t, { nodes, load, simulator, interrupted: new Set() });
}
