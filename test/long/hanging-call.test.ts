import t from 'tap';
import { startSimulator } from '../../src/simulator/server.ts';
import { createLedgerClient } from '../crash/ledger.ts';
import { sqlitePlace } from '../crash/place.ts';
import { call } from '../http/call.ts';
import { COMMBOX_KEY } from '../support/gateway.ts';
import { startGatewayProcess } from '../support/process.ts';
import { createSend } from '../support/sends.ts';

t.setTimeout(300_000);

t.test('a call that CommBox does not answer is cut after 25 s and recorded as unknown', async (t) => {
  const place = await sqlitePlace(t);
  const simulator = await startSimulator({ keys: [COMMBOX_KEY], next: [{ hang: true }] });
  t.teardown(() => simulator.close());
  const env = { ...(await place.env(simulator)), UPSTREAM_TIMEOUT_MS: '120000' };
  const first = startGatewayProcess(t, { env });
  const port = await first.listening;
  const plain = createSend('hang', 1, 'keyed');
  const answer = call(port, plain.call);
  await simulator.waitFor(1);
  first.signal('SIGTERM');
  t.match((await answer).json(), { status: 502, code: 'commbox_error', outcome: 'unknown' });
  t.strictSame(await first.ended, { code: 0, signal: null });

  const ledger = createLedgerClient(await startGatewayProcess(t, { env }).listening);
  const [message] = await ledger.list();
  t.match(message, { status: 'unknown', reference: plain.text });
  t.match(await ledger.reconcile(message?.id ?? ''), { status: 'sent' }, 'and CommBox has it');
});
