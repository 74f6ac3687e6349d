import t from 'tap';
import { startSimulator } from '../../src/simulator/server.ts';
import { createLedgerClient } from '../crash/ledger.ts';
import { postgresPlace } from '../crash/place.ts';
import { call } from '../http/call.ts';
import { COMMBOX_KEY } from '../support/gateway.ts';
import { startGatewayProcess } from '../support/process.ts';
import { createSend } from '../support/sends.ts';

t.setTimeout(300_000);

t.test('a gateway that was frozen past its lease changes nothing but what it alone knows', async (t) => {
  const place = await postgresPlace(t);
  // Both calls are answered when the lease of the frozen gateway has long run out.
  const next = [{ delayMs: 40_000 }, { status: 429, delayMs: 40_000 }];
  const simulator = await startSimulator({ keys: [COMMBOX_KEY], next });
  t.teardown(() => simulator.close());
  const patient = { UPSTREAM_TIMEOUT_MS: '120000' };
  const frozen = startGatewayProcess(t, { env: { ...(await place.env(simulator)), ...patient } });
  const port = await frozen.listening;
  const accept = async (number: number) => {
    const answer = await call(port, createSend('frozen', number, 'bare').call);
    return String(answer.json()['id']);
  };
  const sent = await accept(1);
  await simulator.waitFor(1);
  const refused = await accept(2);
  await simulator.waitFor(2);
  frozen.signal('SIGSTOP');

  const other = startGatewayProcess(t, { env: { ...(await place.env(simulator)), ...patient } });
  const ledger = createLedgerClient(await other.listening);
  t.match(await ledger.end(sent), { status: 'unknown' }, 'its lease ran out');
  t.match(await ledger.end(refused), { status: 'unknown' });

  frozen.signal('SIGCONT');
  await frozen.log.line({ msg: 'attempt', messageId: refused, result: 'throttled' });
  t.match(await createLedgerClient(port).end(await accept(3)), { status: 'sent' }, 'it works on');
  let known = await ledger.end(sent);
  while (known.status !== 'sent') known = await ledger.end(sent);
  t.equal(known.objectId, '294159', 'what only it knew is not lost');
  t.match(await ledger.end(refused), { status: 'unknown' }, 'what was taken from it is not queued again');
  t.equal(simulator.counts().recorded, 2, 'nothing was sent twice');
});
