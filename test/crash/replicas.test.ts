import t from 'tap';
import { startLoad } from '../support/load.ts';
import { anyPort, createNode } from '../support/node.ts';
import { hastyKind, settleAndCheck, startUneasySimulator } from './kills.ts';
import { postgresPlace } from './place.ts';

t.setTimeout(300_000);

t.test('two gateways share the work, and one takes over what the other left when it was killed', async (t) => {
  const place = await postgresPlace(t);
  const simulator = await startUneasySimulator();
  t.teardown(() => simulator.close());
  simulator.control({ errorRate: 0, resetBeforeRate: 0, resetAfterRate: 0 });
  const survivor = createNode(t, { env: await place.env(simulator) });
  const victim = createNode(t, { env: await place.env(simulator) });
  survivor.start();
  victim.start();
  await Promise.all([survivor.port(), victim.port()]);
  const port = () => anyPort([survivor, victim]);
  const load = startLoad({ run: 'share', port, clients: 24, nextKind: hastyKind });
  await simulator.waitFor(150, 'recorded');

  await victim.kill();
  const interrupted = new Set(await place.sending());
  await settleAndCheck(t, { nodes: [survivor], load, simulator, interrupted });
});
