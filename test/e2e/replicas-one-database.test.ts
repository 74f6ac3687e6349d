import t, { type Test } from 'tap';
import { startSimulator } from '../../src/simulator/server.ts';
import { expectProblem } from '../http/expect-problem.ts';
import { COMMBOX_KEY, least } from '../support/gateway.ts';
import { createHeldAnswers, HELD } from '../support/held-answers.ts';
import { startPostgres } from '../support/postgres.ts';
import { form, sha256 } from './form.ts';
import { type StageOptions, sms, startOn, textsAt, until } from './stored/stage.ts';
import { postgresStorages } from './stored/storage.ts';

const createStorage = postgresStorages(await startPostgres(t));
const start = startOn(createStorage);
const key = (value: string) => ({ 'idempotency-key': value });

/** Two gateways on one database, before one CommBox. */
async function startPair(t: Test, first: StageOptions = {}, second: StageOptions = {}) {
  const held = createHeldAnswers();
  const commbox = await startSimulator({ keys: [COMMBOX_KEY], clock: held });
  const storage = await createStorage(t);
  const a = await start(t, { ...first, commbox, storage });
  // Leases stay as they are here; only the directory must be another.
  const b = await start(t, { ...second, commbox, storage: { ...(await createStorage(t)), env: storage.env } });
  return { commbox, held, storage, a, b };
}

t.test('whoever sends it, every message is sent once', async (t) => {
  const { commbox, a, b } = await startPair(t);
  const texts = Array.from({ length: 60 }, (_, n) => `message ${n}`);
  await Promise.all(texts.map((text, n) => (n % 2 === 0 ? a : b).accept(sms(text), key(text))));
  await commbox.waitFor(texts.length, 'recorded');
  for (const gateway of [a, b]) {
    const { messages } = (await gateway.get('/v1/messages?limit=200')).json() as { messages: { id: string }[] };
    t.equal(messages.length, texts.length);
    for (const { id } of messages) await gateway.reaches(id, 'sent');
  }
  t.strictSame(textsAt(commbox).sort(), [...texts].sort());
  t.match(commbox.counts(), { calls: texts.length, duplicates: 0 });
});

t.test('a key that was used at one is known at the other, while the first runs too', async (t) => {
  const { commbox, held, a, b } = await startPair(t);
  const first = await a.post('/v1/sms', least.sms, key('k'));
  const again = await b.post('/v1/sms', least.sms, key('k'));
  t.match(again, { status: 201, text: first.text, headers: { 'idempotency-replayed': 'true' } });
  expectProblem(t, await b.post('/v1/sms', sms('other'), key('k')), { code: 'idempotency_mismatch' });

  commbox.control({ next: [HELD] });
  const both = [a, b, a, b].map(({ post }) => post('/v1/sms', sms('both'), key('j')));
  await commbox.waitFor(2);
  await Promise.all([a, b].map(({ get }) => get('/v1/messages')));
  held.release();
  const answers = await Promise.all(both);
  t.equal(new Set(answers.map(({ text }) => text)).size, 1);
  t.ok(answers.every(({ status }) => status === 201));

  const raw = ['/streams/532/objects', '{"data":{"Message":"raw"}}', key('r')] as const;
  commbox.control({ next: [{ status: 500, contentType: 'text/html', body: '<b>שגיאה</b>' }] });
  t.strictSame((await a.post(...raw)).bytes, (await b.post(...raw)).bytes);
  t.equal(commbox.counts().calls, 3);
});

t.test('a reader at one hears of the end at the other', async (t) => {
  const { commbox, held, a, b } = await startPair(t);
  commbox.control({ next: [HELD] });
  const plain = a.post('/v1/sms', least.sms, key('k'));
  await commbox.waitFor(1);
  const repeated = b.post('/v1/sms', least.sms, { ...key('k'), prefer: 'respond-async' });
  const { id, status } = (await repeated).json();
  t.equal(status, 'sending');
  const reading = b.get(`/v1/messages/${id}`, { prefer: 'wait=20' });
  await b.get('/v1/messages');
  held.release();
  t.match((await reading).json(), { status: 'sent' });
  t.equal((await plain).json()['id'], id);
});

t.test('what is canceled at one is not sent by the other', async (t) => {
  const { commbox, a, b } = await startPair(t);
  commbox.control({ next: [{ status: 429, headers: { 'Retry-After': '5' } }] });
  const waiting = a.post('/v1/sms', least.sms, key('k'));
  await commbox.waitFor(1);
  const listed = async () => (await b.get('/v1/messages?status=queued')).json()['messages'] as { id: string }[];
  await until(async () => (await listed()).length === 1);
  const [{ id } = { id: '' }] = await listed();
  t.equal((await b.post(`/v1/messages/${id}/cancel`, '')).status, 200);
  a.clock.jump(6_000);
  expectProblem(t, await waiting, { code: 'conflict', outcome: 'not_sent' });
  t.match(await a.view(id), { status: 'canceled' });
  t.equal(commbox.counts().calls, 1);
});

t.test('a stop that is set at one holds at the other, and over a restart of both', async (t) => {
  const { commbox, storage, a, b } = await startPair(t);
  const stopsAt = async ({ get }: typeof a) => {
    const { accounts } = (await get('/v1/pacing')).json() as { accounts: { stops: object[] }[] };
    return accounts[0]?.stops ?? [];
  };
  const holds = async (gateway: typeof a, text: string) => {
    const plain = await gateway.post('/v1/sms', sms(text, { lane: 'bulk' }), { prefer: 'wait=0' });
    expectProblem(t, plain, { code: 'overloaded' });
    const id = await gateway.accept(sms(`${text} later`, { lane: 'bulk' }));
    t.equal((await gateway.post('/v1/sms', sms(text))).status, 201, 'another lane goes');
    t.match(await gateway.view(id), { status: 'queued', waitingFor: 'paused' });
  };
  t.equal((await a.post('/v1/pacing/default/pause', { lane: 'bulk' })).status, 200);
  await until(async () => (await stopsAt(b)).length === 1);
  await holds(b, 'b');
  await Promise.all([a.close(), b.close()]);

  const c = await start(t, { commbox, storage });
  await holds(c, 'c');
  t.match(await stopsAt(c), [{ lane: 'bulk', caller: null }]);
  t.strictSame(textsAt(commbox), ['b', 'c']);
  await c.post('/v1/pacing/default/resume', { lane: 'bulk' });
  await commbox.waitFor(4, 'recorded');
  t.strictSame(textsAt(commbox).sort(), ['b', 'b later', 'c', 'c later']);
});

t.test('files that came to one are sent by the other, and left at neither', async (t) => {
  const { commbox, a, b } = await startPair(t, { env: { COMMBOX_API_URL: 'http://127.0.0.1:1' } });
  const content = Buffer.alloc(300_000, 'abc');
  const { headers, body } = form([
    { fileName: 'חשבונית.pdf', contentType: 'application/pdf', content },
    { name: 'data', content: JSON.stringify(least.email) },
  ]);
  const accepted = await a.post('/v1/email', body, { ...headers, prefer: 'respond-async' });
  await b.reaches(String(accepted.json()['id']), 'sent', 500);
  t.match(commbox.received()[0]?.files, [
    { name: 'חשבונית.pdf', contentType: 'application/pdf', sha256: sha256(content) },
  ]);
  t.same(await b.leftInSpool(), []);
  t.same(await a.leftInSpool(), []);
});

t.test('one that was only slow corrects who took its message over', async (t) => {
  const { commbox, held, storage, a, b } = await startPair(t);
  commbox.control({ next: [HELD] });
  const slow = a.post('/v1/sms', least.sms, key('k'));
  await commbox.waitFor(1);
  const { messages } = (await b.get('/v1/messages')).json() as { messages: { id: string }[] };
  const id = messages[0]?.id ?? '';
  a.clock.halt();
  await storage.endLeases();
  b.clock.jump(6_000);
  t.match(await b.reaches(id, 'unknown', 100), { attemptLog: [{ outcome: 'interrupted' }] });
  held.release();
  t.match(await slow, { status: 201 });
  t.match(await b.reaches(id, 'sent'), { objectId: commbox.received()[0]?.objectId, outcome: 'sent' });
  t.equal(commbox.counts().calls, 1);
});
