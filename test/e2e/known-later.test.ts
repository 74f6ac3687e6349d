import t from 'tap';
import { startSimulator } from '../../src/simulator/server.ts';
import { expectProblem } from '../http/expect-problem.ts';
import { COMMBOX_KEY, least, startGateway } from '../support/gateway.ts';
import { createSqliteStorage } from './stored/storage.ts';

t.test('a repeat hears that an unclear message was found not to be there', async (t) => {
  const { post, simulator } = await startGateway(t);
  const doors: [path: string, body: unknown][] = [
    ['/v1/sms', least.sms],
    ['/streams/532/objects', { data: { Message: 'hello' } }],
  ];
  for (const [path, body] of doors) {
    simulator.control({ next: [{ status: 500 }] });
    const first = await post(path, body, { 'idempotency-key': 'once' });
    const id = first.headers['gateway-message-id'] ?? first.json()['messageId'];
    t.match(await post(`/v1/messages/${id}/resolve`, { as: 'failed' }), { status: 200 });
    const again = await post(path, body, { 'idempotency-key': 'once' });
    t.match(
      again.json(),
      { code: 'commbox_error', outcome: 'not_sent', detail: /somebody looked/, messageId: id },
      path,
    );
    t.equal(again.headers['idempotency-replayed'], 'true');
  }
});

t.test('a message of an account that is gone is not sent again, and nothing breaks', async (t) => {
  const { dataDir } = await createSqliteStorage(t);
  const commbox = await startSimulator({ keys: [COMMBOX_KEY] });
  const promo = (account: string) => `streams: { promo: { channel: sms, id: "777"${account} } }\n`;
  const account = `accounts: { brand-b: { url: "${commbox.url}", keyFile: /x/brand } }\n`;
  const before = await startGateway(t, {
    commbox,
    dataDir,
    files: { brand: COMMBOX_KEY },
    yaml: `${account}${promo(', account: brand-b')}`,
  });
  const sendAt = new Date(Date.now() + 3_600_000).toISOString();
  const accepted = await before.post('/v1/sms', { ...least.sms, stream: 'promo', sendAt });
  const { id } = accepted.json();
  t.match(await before.post(`/v1/messages/${id}/cancel`, ''), { status: 200 });
  await before.close();

  const after = await startGateway(t, { commbox, dataDir, yaml: promo('') });
  const answer = await after.post(`/v1/messages/${id}/resend`, '');
  t.match(expectProblem(t, answer, { code: 'conflict' })['detail'], /account/);
});
