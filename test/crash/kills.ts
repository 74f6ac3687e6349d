import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Test } from 'tap';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import { COMMBOX_KEY } from '../support/gateway.ts';
import { type Load, startLoad } from '../support/load.ts';
import { anyPort, createNode, type Node } from '../support/node.ts';
import { type SendKind, sendKinds } from '../support/sends.ts';
import { checkDelivery } from './checks.ts';
import { createLedgerClient } from './ledger.ts';
import type { Place } from './place.ts';

/** A CommBox with a quota, slow answers, errors and broken connections, that forgets nothing. */
export function startUneasySimulator(): Promise<Simulator> {
  return startSimulator({
    keys: [COMMBOX_KEY],
    keepCalls: 1_000_000,
    keepBytes: 2 ** 32,
    // On a machine this busy the end of an idle connection may cross with a new call, which would tell nothing of crashes.
    keepAliveTimeoutMs: 60_000,
    throttles: [{ model: 'tokenBucket', rate: 40, burst: 10 }],
    latency: { ms: 10, jitterMs: 60 },
    errorRate: 0.01,
    errorRecordedRate: 0.5,
    resetBeforeRate: 0.01,
    resetAfterRate: 0.01,
    seed: randomInt(2 ** 31),
  });
}

/** From now on every call is answered at once. */
function calm(simulator: Simulator): void {
  simulator.control({
    throttles: [],
    latency: { ms: 0, jitterMs: 0 },
    errorRate: 0,
    resetBeforeRate: 0,
    resetAfterRate: 0,
  });
}

// Those whose sender waits for its turn keep the others from piling up.
const pick = (kinds: readonly SendKind[]) => kinds[randomInt(kinds.length)] as SendKind;

/** Any kind of send. */
const anyKind = (): SendKind => pick(sendKinds);

/** Any but those that are sent again, 30 s after nobody knows whether they were sent. */
export const hastyKind = (): SendKind => pick(sendKinds.filter((kind) => kind !== 'resend'));

export interface KillOptions {
  readonly kills: number;
  /** How many gateways share the store. Default 1. */
  readonly gateways?: number;
  /** Default any. */
  readonly nextKind?: () => SendKind;
}

/**
 * Kills a gateway again and again while clients send, each time as soon as a random number of calls has reached
 * CommBox or, one time in four, at a random moment after its start; then checks what became of every message.
 */
export async function surviveKills(t: Test, place: Place, options: KillOptions): Promise<void> {
  const { kills, gateways = 1, nextKind = anyKind } = options;
  const simulator = await startUneasySimulator();
  t.teardown(() => simulator.close());
  const nodes: Node[] = [];
  while (nodes.length < gateways) nodes.push(createNode(t, { env: await place.env(simulator) }));
  for (const node of nodes) node.start();
  await Promise.all(nodes.map((node) => node.port()));
  const interrupted = new Set<string>();
  const port = () => anyPort(nodes);
  const load = startLoad({ run: 'kill', port, clients: 24, nextKind });

  for (let count = 1; count <= kills; count++) {
    const node = nodes[randomInt(gateways)] as Node;
    await someMoment(node, simulator);
    await node.kill();
    for (const id of await place.sending()) interrupted.add(id);
    node.start();
    if (count % 20 === 0) t.comment(`${count} kills, ${load.sends.length} sends`);
  }
  await settleAndCheck(t, { nodes, load, simulator, interrupted });
}

export interface Running {
  /** Those that still run, or will run without anybody's help. */
  readonly nodes: readonly Node[];
  readonly load: Load;
  readonly simulator: Simulator;
  /** Messages that were `sending` when a process was killed. */
  readonly interrupted: ReadonlySet<string>;
}

/** Ends the trouble, lets everything come to rest and checks what became of every message. */
export async function settleAndCheck(t: Test, { nodes, load, simulator, interrupted }: Running): Promise<void> {
  calm(simulator);
  await load.finish();
  const port = await anyPort(nodes);
  const ledger = createLedgerClient(port);
  await ledger.drained();
  const attempts = nodes.flatMap((node) => node.attempts());
  await checkDelivery(t, { sends: load.sends, simulator, ledger, port, interrupted, attempts });
}

const LATEST_MS = 1_500;
const MOST_CALLS = 40;

async function someMoment(node: Node, simulator: Simulator): Promise<void> {
  if (randomInt(4) === 0) {
    await pause(randomInt(LATEST_MS));
    return;
  }
  await node.port();
  await simulator.waitFor(simulator.counts().calls + randomInt(1, MOST_CALLS));
}
