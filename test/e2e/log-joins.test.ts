import t from 'tap';
import { least } from '../support/gateway.ts';
import { sms, startOn } from './stored/stage.ts';
import { createSqliteStorage } from './stored/storage.ts';

const start = startOn(createSqliteStorage);

const traceOf = (n: number) => `0af7651916cd43dd8448eb211c8031${String(n).padStart(2, '0')}`;
const idsOf = (n: number) => ({
  'x-request-id': `r-${n}`,
  traceparent: `00-${traceOf(n)}-b7ad6b7169203331-01`,
});

t.test('an attempt that comes after the answer is a line, joined by message, request and trace', async (t) => {
  const { accept, reaches, simulator, log } = await start(t);
  const id = await accept(sms('one'), idsOf(1));
  await reaches(id, 'sent');
  const ids = { messageId: id, requestId: 'r-1', traceId: traceOf(1) };
  t.match(await log.line({ msg: 'request', requestId: 'r-1' }), { ...ids, status: 202, route: '/v1/sms' });
  t.match(await log.line({ msg: 'attempt', messageId: id }), { ...ids, level: 30, attempt: 1, result: 'sent' });
  t.equal(log.lines({ messageId: id, msg: 'attempt' }).length, 1);
  t.match(simulator.received()[0]?.headers, idsOf(1));
});

t.test('the messages of a batch carry the ids of its request', async (t) => {
  const { post, reaches, simulator, log } = await start(t);
  const messages = ['one', 'two'].map((text) => ({ channel: 'sms', ...sms(text) }));
  const results = (await post('/v1/messages', { messages }, idsOf(2))).json()['results'] as { id: string }[];
  for (const { id } of results) {
    await reaches(id, 'sent');
    t.match(await log.line({ msg: 'attempt', messageId: id }), { requestId: 'r-2', traceId: traceOf(2) });
  }
  t.equal(simulator.received().length, 2);
  for (const { headers } of simulator.received()) t.match(headers, idsOf(2));
});

t.test('a message that waits over a restart keeps its ids', async (t) => {
  const first = await start(t);
  const { simulator: commbox } = first;
  const sendAt = new Date(first.clock.now() + 3_600_000).toISOString();
  const id = await first.accept(sms('later', { sendAt }), idsOf(3));
  await first.close();
  const second = await start(t, { storage: first.storage, commbox });
  second.clock.jump(3_600_000);
  await second.reaches(id, 'sent', 1_000);
  t.match(await second.log.line({ msg: 'attempt', messageId: id }), { requestId: 'r-3', traceId: traceOf(3) });
  t.match(commbox.received()[0]?.headers, idsOf(3));
});

t.test('a message sent again belongs to the request that asked for it', async (t) => {
  const { post, accept, reaches, simulator, log } = await start(t);
  simulator.control({ next: [{ status: 400 }] });
  const id = await accept(sms('one'), idsOf(4));
  await reaches(id, 'failed');
  const again = String((await post(`/v1/messages/${id}/resend`, {}, idsOf(5))).json()['id']);
  await reaches(again, 'sent');
  t.match(await log.line({ msg: 'attempt', messageId: id }), { requestId: 'r-4', traceId: traceOf(4), level: 40 });
  const ids = { messageId: again, requestId: 'r-5', traceId: traceOf(5) };
  t.match(await log.line({ msg: 'request', requestId: 'r-5' }), { ...ids, route: '/v1/messages/:id/resend' });
  t.match(await log.line({ msg: 'attempt', messageId: again }), ids);
  t.match(simulator.received().at(-1)?.headers, idsOf(5));
});

t.test('an end that no attempt brought about is a line of its own', async (t) => {
  const { accept, post, reaches, simulator, log, clock } = await start(t);
  const place = { caller: 'default', account: 'default', channel: 'sms', stream: 'sms', lane: 'normal' };
  const lineOf = async (messageId: string) => (await log.line({ msg: 'message', messageId })) as object;

  await post('/v1/pacing/default/pause', '');
  const expiresAt = new Date(clock.now() + 60_000).toISOString();
  const late = await accept(sms('late', { expiresAt }), idsOf(10));
  await reaches(late, 'expired', 1_000);
  const ids = { requestId: 'r-10', traceId: traceOf(10), messageId: late };
  const { time: _, ...line } = { time: '', ...(await lineOf(late)) };
  t.strictSame(line, { level: 40, ...ids, ...place, state: 'expired', code: 'overloaded', msg: 'message' });
  const dropped = await accept(sms('dropped', { reference: 'r' }), idsOf(14));
  t.match((await post('/v1/messages/cancel', { reference: 'r' })).json(), { canceled: 1 });
  const canceled = {
    requestId: 'r-14',
    traceId: traceOf(14),
    ...place,
    level: 30,
    state: 'canceled',
    code: 'conflict',
  };
  t.match(await lineOf(dropped), canceled);
  await post('/v1/pacing/default/resume', '');

  simulator.control({ next: [{ status: 500, record: true }] });
  const found = await accept(sms('found'), idsOf(11));
  await reaches(found, 'sent', 1_000);
  const known = { requestId: 'r-11', traceId: traceOf(11), ...place, level: 30, state: 'sent', code: null };
  t.match(await lineOf(found), known, 'settled by the search for it');

  const plain = await accept(sms('plain'), idsOf(12));
  await reaches(plain, 'sent');
  simulator.control({ next: [{ status: 400 }] });
  const rejected = await accept(sms('rejected'), idsOf(13));
  await reaches(rejected, 'failed');
  t.equal(log.lines({ msg: 'message' }).length, 3, 'where the line of an attempt tells it, none');
});

t.test('every request about a message names it: a question, an action, a repeat', async (t) => {
  const { get, post, accept, log, clock } = await start(t);
  const sendAt = new Date(clock.now() + 3_600_000).toISOString();
  const id = await accept(sms('later', { sendAt }));
  await get(`/v1/messages/${id}`, idsOf(6));
  t.match(await log.line({ requestId: 'r-6' }), { messageId: id, route: '/v1/messages/:id', state: 'queued' });
  await post(`/v1/messages/${id}/cancel`, {}, idsOf(7));
  t.match(await log.line({ requestId: 'r-7' }), { messageId: id, status: 200, state: 'canceled' });
  await post(`/v1/messages/${id}/cancel`, {}, idsOf(8));
  t.match(await log.line({ requestId: 'r-8' }), { messageId: id, status: 409, code: 'conflict' });
  const keyed = { 'idempotency-key': 'k' };
  const { id: sent } = (await post('/v1/sms', least.sms, keyed)).json();
  await post('/v1/sms', least.sms, { ...keyed, ...idsOf(9) });
  t.match(await log.line({ requestId: 'r-9' }), { messageId: sent, status: 201, replayed: true, state: 'sent' });
});

t.test('a traceparent of a later version goes on as one of this version', async (t) => {
  const { post, simulator } = await start(t);
  const ids = `${traceOf(1)}-b7ad6b7169203331`;
  const cases = [
    [`01-${ids}-01`, `00-${ids}-01`],
    [`cc-${ids}-ff-what-comes-later`, `00-${ids}-01`],
    [`cc-${ids}-02`, `00-${ids}-00`],
  ] as const;
  for (const [given, passedOn] of cases) {
    simulator.clear();
    const { headers } = await post('/v1/sms', least.sms, { traceparent: given });
    t.equal(headers['traceparent'], passedOn);
    t.equal(simulator.received()[0]?.headers['traceparent'], passedOn);
  }
  for (const given of [`00-${ids}-01-more`, `cc-${ids}-01more`, `cc-${ids}`, `00-${ids}-01,00-${ids}-01`]) {
    const { headers } = await post('/v1/sms', least.sms, { traceparent: given });
    t.notMatch(headers['traceparent'], traceOf(1), `replaced: ${given}`);
  }
});
