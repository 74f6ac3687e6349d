import t from 'tap';
import { startSimulator } from '../../src/simulator/server.ts';
import { call } from '../http/call.ts';
import { COMMBOX_KEY } from '../support/gateway.ts';
import { startLoad } from '../support/load.ts';
import { anyPort, createNode } from '../support/node.ts';
import { startGatewayProcess } from '../support/process.ts';
import { createSend } from '../support/sends.ts';
import { hastyKind, settleAndCheck, startUneasySimulator } from './kills.ts';
import { createLedgerClient } from './ledger.ts';
import { sqlitePlace } from './place.ts';

t.setTimeout(300_000);

const LISTENS_ON_MS = 5_000;

t.test('SIGTERM under load: not ready at once, open for 5 s more, all calls end, exit 0', async (t) => {
  const place = await sqlitePlace(t);
  const simulator = await startUneasySimulator();
  t.teardown(() => simulator.close());
  const node = createNode(t, { env: await place.env(simulator) });
  const first = node.start();
  const port = await node.port();
  const load = startLoad({ run: 'term', port: () => anyPort([node]), clients: 24, nextKind: hastyKind });
  await simulator.waitFor(60);

  const earlier = [...load.sends];
  first.signal('SIGTERM');
  const signaledAt = performance.now();
  await first.log.line({ msg: 'closing' });
  const ready = await call(port, { method: 'GET', path: '/readyz', headers: { connection: 'keep-alive' } });
  t.equal(ready.status, 503, 'load balancers are told at once');
  t.equal(ready.headers.connection, 'close', 'and connections that are kept are given back');
  const late = createSend('late', 1, 'async');
  t.equal((await call(port, late.call)).status, 202, 'whoever has not noticed is still served');
  t.strictSame(await first.ended, { code: 0, signal: null });
  t.ok(performance.now() - signaledAt >= LISTENS_ON_MS, 'the listener stayed open for 5 s');
  t.strictSame(await place.sending(), [], 'no call was left in the air');
  const cutOff = earlier.filter(({ losses }) => losses > 0);
  t.strictSame(cutOff, [], 'whoever waited for an answer got one');

  node.start();
  await node.port();
  await settleAndCheck(t, { nodes: [node], load, simulator, interrupted: new Set() });
});

t.test('a second signal ends the process at once', async (t) => {
  const place = await sqlitePlace(t);
  const simulator = await startSimulator({ keys: [COMMBOX_KEY] });
  t.teardown(() => simulator.close());
  const gateway = startGatewayProcess(t, { env: await place.env(simulator) });
  await gateway.listening;
  gateway.signal('SIGTERM');
  const signaledAt = performance.now();
  await gateway.log.line({ msg: 'closing' });
  gateway.signal('SIGTERM');
  t.strictSame(await gateway.ended, { code: 1, signal: null });
  t.ok(performance.now() - signaledAt < LISTENS_ON_MS, 'without the 5 s that the first one grants');
});

t.test('what is queued at the end is sent after the next start, in the order of its acceptance', async (t) => {
  const place = await sqlitePlace(t);
  const simulator = await startSimulator({
    keys: [COMMBOX_KEY],
    next: [{ status: 429, headers: { 'retry-after': '9' } }],
  });
  t.teardown(() => simulator.close());
  const env = { ...(await place.env(simulator)), UPSTREAM_CONCURRENCY: '1' };
  const first = startGatewayProcess(t, { env });
  const port = await first.listening;
  const sends = Array.from({ length: 30 }, (_, number) => createSend('order', number, 'bare'));
  for (const send of sends) await call(port, send.call);
  await simulator.waitFor(1);
  first.signal('SIGTERM');
  await first.ended;
  t.equal(simulator.counts().recorded, 0, 'the quota held all of them');

  const second = startGatewayProcess(t, { env });
  await createLedgerClient(await second.listening).drained();
  const texts = simulator
    .received({ outcome: 'recorded' })
    .map(({ object }) => (object as { Message: string }).Message);
  t.strictSame(
    texts,
    sends.map(({ text }) => text),
  );
});
