import { least } from '../../support/gateway.ts';
import { form } from '../form.ts';
import { type StoredGateway, type Suite, sms, until } from './stage.ts';

const HOUR_MS = 3_600_000;
const STEP_MS = 1_000;
const TRUNCATION_MS = 60_000;
const SWEEP_MS = 30_000;
const secrets = ['for-your-eyes-only', 'Rumpelstiltskin', '972549876543'];
const confidential = (more: object = {}) => ({
  to: '972549876543',
  text: 'for-your-eyes-only',
  customer: { firstName: 'Rumpelstiltskin' },
  reference: 'kept-reference',
  ...more,
});

const held = async ({ storage }: StoredGateway) => {
  const found = await Promise.all(secrets.map((secret) => storage.holds(secret)));
  return secrets.filter((_, n) => found[n]);
};
/** The files are read one by one: what moves from one to another at that moment is missed, and there the next time. */
const stillThere = (gateway: StoredGateway) =>
  until(
    async () => (await held(gateway)).length === secrets.length,
    () => 'what is needed was erased',
  );
/** Time moves on, for so long at most, until none of it is left anywhere. */
const gone = async (gateway: StoredGateway, withinMs: number) => {
  const { clock, get } = gateway;
  for (let passedMs = 0; (await held(gateway)).length > 0; passedMs += STEP_MS) {
    if (passedMs > withinMs) throw new Error(`still there: ${await held(gateway)}`);
    clock.jump(STEP_MS);
    // The store answers in order, so that what became due is done by then.
    for (let n = 0; n < 5; n++) await get('/v1/messages');
  }
};

/** What a message says is kept no longer than it is needed. */
export const erasure: Suite = (t, start) => {
  t.test('of what was sent nothing is left but what it is found by', async (t) => {
    const gateway = await start(t);
    const { accept, reaches, post, clock } = gateway;
    const id = await accept(confidential({ sendAt: new Date(clock.now() + HOUR_MS).toISOString() }));
    await stillThere(gateway);
    clock.jump(HOUR_MS);
    await reaches(id, 'sent', 100);
    await post('/v1/sms', confidential(), { 'idempotency-key': 'k' });
    await post('/v1/sms', confidential());
    await gone(gateway, TRUNCATION_MS);
    t.match(await gateway.view(id), { status: 'sent', reference: 'kept-reference', channel: 'sms', lane: 'normal' });
  });

  t.test('what ended otherwise can be looked into until its key is forgotten', async (t) => {
    const gateway = await start(t, { env: { IDEMPOTENCY_HOURS: '2' } });
    const { accept, reaches, post, view, clock, simulator } = gateway;
    simulator.control({ next: [{ status: 400, description: 'not Rumpelstiltskin' }] });
    const failed = await accept(confidential(), { 'idempotency-key': 'k' });
    await reaches(failed, 'failed');
    const canceled = await accept(confidential({ sendAt: new Date(clock.now() + 9 * HOUR_MS).toISOString() }));
    await post(`/v1/messages/${canceled}/cancel`, '');
    simulator.control({ next: [{ status: 500 }] });
    const unknown = String((await post('/v1/sms', confidential())).json()['messageId']);
    clock.jump(2 * HOUR_MS - 60_000);
    await stillThere(gateway);
    clock.jump(60_000);
    await gone(gateway, SWEEP_MS + TRUNCATION_MS);
    t.match(await view(failed), { status: 'failed', code: 'commbox_rejected', reference: 'kept-reference' });
    t.match(await view(canceled), { status: 'canceled', reference: 'kept-reference' });
    t.match(await view(unknown), { status: 'unknown', code: 'commbox_error', outcome: 'unknown' });
    const anew = await post('/v1/sms', sms('anew'), { 'idempotency-key': 'k' });
    t.match(anew, { status: 201, headers: { 'idempotency-replayed': undefined } });
  });

  t.test('files go with the request they belong to', async (t) => {
    const { post, clock, simulator, leftInSpool, view, reaches } = await start(t, { env: { IDEMPOTENCY_HOURS: '1' } });
    const { headers, body } = form([
      { name: 'data', content: JSON.stringify(least.email) },
      { fileName: 'a.txt', content: 'one' },
    ]);
    const prefer = { prefer: 'respond-async' };
    t.equal((await post('/v1/email', body, headers)).status, 201);
    const sent = await post('/v1/email', body, { ...headers, ...prefer });
    await reaches(String(sent.json()['id']), 'sent');
    t.equal((await post('/v1/email', { ...least.email, text: '' }, headers)).status, 400);
    t.same(await leftInSpool(), []);
    simulator.control({ next: [{ status: 400 }] });
    const failed = await post('/v1/email', body, headers);
    t.equal((await leftInSpool(1)).length, 1);
    clock.jump(HOUR_MS + 1_000);
    await until(async () => {
      clock.jump(5_000);
      return (await leftInSpool(1)).length === 0;
    });
    t.match(await view(String(failed.json()['messageId'])), { status: 'failed' });
  });

  t.test('after the retention a message is not listed any more', async (t) => {
    const { accept, reaches, post, get, clock, simulator } = await start(t, { env: { RETENTION_DAYS: '2' } });
    const ids = [await accept(), String((await post('/v1/sms', least.sms)).json()['id'])];
    simulator.control({ next: [{ status: 400 }] });
    ids.push(String((await post('/v1/sms', sms('bad'))).json()['messageId']));
    await reaches(ids[0] ?? '', 'sent');
    const listed = async () => ((await get('/v1/messages')).json()['messages'] as unknown[]).length;
    clock.jump(48 * HOUR_MS - 60_000);
    t.equal(await listed(), 3);
    clock.jump(61_000);
    await until(async () => {
      clock.jump(1_000);
      return (await listed()) === 0;
    });
    for (const id of ids) t.equal((await get(`/v1/messages/${id}`)).status, 404);
  });
};
