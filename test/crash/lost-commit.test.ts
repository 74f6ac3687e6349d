import t, { type Test } from 'tap';
import { startSimulator } from '../../src/simulator/server.ts';
import { call } from '../http/call.ts';
import { startDatabaseProxy } from '../support/database-proxy.ts';
import { COMMBOX_KEY } from '../support/gateway.ts';
import { insist, readAnswer } from '../support/load.ts';
import { startGatewayProcess } from '../support/process.ts';
import { createSend, type Send } from '../support/sends.ts';
import { createLedgerClient } from './ledger.ts';
import { postgresPlace } from './place.ts';
import { readUpstream } from './upstream-record.ts';

t.setTimeout(300_000);

/** Sends while PostgreSQL stores the message but cannot say so any more: the connection breaks before. */
async function sendIntoSilence(t: Test, send: Send) {
  const place = await postgresPlace(t);
  const simulator = await startSimulator({ keys: [COMMBOX_KEY] });
  t.teardown(() => simulator.close());
  const env = await place.env(simulator);
  const direct = String(env['DATABASE_URL']);
  const proxy = await startDatabaseProxy(t, direct);
  const gateway = startGatewayProcess(t, { env: { ...env, DATABASE_URL: proxy.url } });
  const port = await gateway.listening;
  // The connections are made before, so that only the answer is lost.
  await call(port, createSend('before', 1, 'keyed').call);

  proxy.muteAfter(send.text);
  const answering = call(port, send.call).then(readAnswer);
  const stored = `SELECT id FROM commbox_gateway.messages WHERE reference = '${send.text}'`;
  while ((await place.server.run(direct, stored)).length === 0);
  proxy.breakAll();
  return { answer: await answering, port, simulator };
}

t.test('a message whose acceptance got lost is not sent after its sender was told that it was not', async (t) => {
  const send = createSend('silence', 1, 'bare');
  const { answer, port, simulator } = await sendIntoSilence(t, send);
  await createLedgerClient(port).drained();
  t.comment(answer.body);
  const isSent = readUpstream(simulator).objects(send.text).length > 0;
  t.notOk(isSent && answer.outcome === 'not_sent', 'a repeat would be a second message');
});

t.test('a key whose acceptance got lost can be repeated, and is sent once', async (t) => {
  const send = createSend('silence', 2, 'keyed');
  const { answer, port, simulator } = await sendIntoSilence(t, send);
  t.comment(answer.body);
  await insist(send, () => Promise.resolve(port));
  t.match(send.answers.at(-1), { status: 201 });
  t.equal(readUpstream(simulator).objects(send.text).length, 1);
});
