import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { startSimulator } from '../../src/simulator/server.ts';
import { settleAndCheck } from '../crash/kills.ts';
import { createLedgerClient } from '../crash/ledger.ts';
import { postgresPlace } from '../crash/place.ts';
import { call } from '../http/call.ts';
import { COMMBOX_KEY } from '../support/gateway.ts';
import { type Load, startLoad } from '../support/load.ts';
import { createNode, type Node } from '../support/node.ts';
import type { GatewayProcess } from '../support/process.ts';
import { createSend, type SendKind } from '../support/sends.ts';
import { freePort, startNginx } from './nginx.ts';

// Run by .ci/long/rolling-restart.sh: it needs nginx on the PATH.
t.setTimeout(900_000);

const ROUNDS = 3;
const KILLS = 4;
const CLIENTS = 16;
/** Between two requests of a client. */
const LONGEST_PAUSE_MS = 300;
/** When nginx has surely heard that a gateway is to stop, which listens for 5 s. */
const NOTICED_MS = 3_500;

// Whoever waits for an answer is hurt most by a restart.
const kinds: readonly SendKind[] = ['plain', 'plain', 'plain', 'keyed', 'dropIn', 'async', 'bare', 'files'];
const nextKind = () => kinds[randomInt(kinds.length)] as SendKind;

/** PostgreSQL, two gateways, nginx in front of them, and clients that send all the time. */
async function startPair(t: Test, run: string) {
  const place = await postgresPlace(t);
  const simulator = await startSimulator({
    keys: [COMMBOX_KEY],
    keepCalls: 1_000_000,
    keepBytes: 2 ** 31,
    keepAliveTimeoutMs: 60_000,
    latency: { ms: 20, jitterMs: 200 },
  });
  t.teardown(() => simulator.close());
  const ports = [await freePort(), await freePort()] as const;
  const startOne = async (port: number) => {
    const node = createNode(t, { env: { ...(await place.env(simulator)), PORT: String(port) } });
    node.start();
    await node.port();
    return node;
  };
  const first = await startOne(ports[0]);
  const second = await startOne(ports[1]);
  const nginx = await startNginx(t, ports);
  const port = async () => {
    await pause(randomInt(LONGEST_PAUSE_MS));
    return nginx.port;
  };
  const load = startLoad({ run, port, clients: CLIENTS, nextKind });
  return { place, simulator, nodes: [first, second] as const, nginx, load };
}

/** Resolves when nginx hands requests to the process that was started last. */
const isInUse = (node: Node) => node.current().log.line({ msg: 'request', route: '/v1/sms' });

/** Requests to send that began when nginx should have known that this gateway stops. */
function lateComers({ log }: GatewayProcess) {
  const [closing] = log.lines({ msg: 'closing' });
  const noticedAt = Date.parse(String(closing?.['time'])) + NOTICED_MS;
  const beganAt = ({ time, durationMs }: ReturnType<typeof log.lines>[number]) =>
    Date.parse(String(time)) - Number(durationMs);
  return log.lines({ msg: 'request', method: 'POST' }).filter((line) => beganAt(line) > noticedAt);
}

function summary({ sends }: Load): string {
  const counts: Record<string, number> = {};
  for (const { status } of sends.flatMap(({ answers }) => answers)) counts[status] = (counts[status] ?? 0) + 1;
  return `${sends.length} sends, answers ${JSON.stringify(counts)}`;
}

t.test('two gateways behind nginx are restarted in turn, under load', async (t) => {
  const { simulator, nodes, nginx, load } = await startPair(t, 'rolling');

  for (let round = 1; round <= ROUNDS; round++) {
    for (const node of nodes) {
      const old = node.current();
      old.signal('SIGTERM');
      t.strictSame(await old.ended, { code: 0, signal: null }, `round ${round}: it ends in order`);
      t.strictSame(lateComers(old), [], `round ${round}: who says that it stops gets nothing more`);
      node.start();
      await isInUse(node);
    }
  }

  await settleAndCheck(t, { nodes, load, simulator, interrupted: new Set() });
  const { sends } = load;
  t.comment(summary(load));
  t.ok(sends.length > 1_000, 'there was load');
  t.strictSame(
    sends.filter(({ losses }) => losses > 0).map(({ text }) => text),
    [],
    'every request got an answer of a gateway',
  );
  const answers = sends.flatMap(({ answers }) => answers);
  t.strictSame(
    answers.filter(({ status }) => status >= 500),
    [],
    'and none was turned away',
  );
  t.equal(simulator.counts().recorded, sends.length, 'CommBox has as many objects as there were sends');

  nodes[1].current().signal('SIGTERM');
  await nodes[1].current().ended;
  const listed = new Set((await createLedgerClient(await nodes[0].port()).list()).map(({ id }) => id));
  const missing = answers.filter(({ id }) => id === null || !listed.has(id));
  t.strictSame(missing, [], 'plain ones too are in the ledger, though their rows are written behind');

  await nodes[0].kill();
  const { status, headers, json } = await call(nginx.port, createSend('nobody', 1, 'plain').call);
  t.match({ status, headers, ...json() }, { status: 503, headers: { 'retry-after': /\d/ }, outcome: 'not_sent' });
});

t.test('gateways behind nginx are killed under load: nothing that may have been sent is repeated', async (t) => {
  const { place, simulator, nodes, load } = await startPair(t, 'killed');
  const interrupted = new Set<string>();

  for (let count = 0; count < KILLS; count++) {
    const node = nodes[count % 2] as Node;
    await simulator.waitFor(simulator.counts().calls + 50);
    await node.kill();
    for (const id of await place.sending()) interrupted.add(id);
    node.start();
    await isInUse(node);
  }

  await settleAndCheck(t, { nodes, load, simulator, interrupted });
  t.comment(summary(load));
  const lost = load.sends.filter(({ losses }) => losses > 0).length;
  t.ok(lost > 0, `${lost} requests were under way when a gateway was killed`);
});
