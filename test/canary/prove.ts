import { hash } from 'node:crypto';
import type { Test } from 'tap';
import { everyRoute } from '../e2e/log-routes.ts';
import { until } from '../e2e/stored/stage.ts';
import type { Storage } from '../e2e/stored/storage.ts';
import { meetFaults } from './fault-tour.ts';
import { messagesOf, objectOf, personalData, untold } from './person.ts';
import { commboxKeys, secrets } from './planted.ts';
import { formOf, sendsOf, sendWrong } from './requests.ts';
import { createSearch } from './search.ts';
import { type Dump, people, type Stage, startStage } from './stage.ts';
import { takeTour } from './tour.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const LONGEST_MS = 120_000;
const all = Object.values(people);
const nowhere = createSearch({ ...secrets, ...untold(people.billing), ...untold(people.shop), ...untold(people.ops) });
const personal = createSearch(Object.assign({}, ...all.map(personalData)));
const ofBilling = personalData(people.billing);

/** Drives a gateway with this store everywhere it can go, and looks for what must not be found. */
export function proveNoLeak(t: Test, create: () => Promise<Storage>, dump: Dump): void {
  t.test('what was planted is told to its sender alone, and kept until it is erased', async (t) => {
    t.setTimeout(LONGEST_MS);
    const storage = await create();
    const stage = await startStage(t, storage, dump);
    await t.test('sent messages', { timeout: LONGEST_MS }, (t) => proveErasure(t, stage));
    await t.test('new keys', { timeout: LONGEST_MS }, (t) => replaceKeys(t, stage));
    await t.test('every route', { timeout: LONGEST_MS }, (t) => useRoutes(t, stage));
    await t.test('every fault', { timeout: LONGEST_MS }, (t) => meetFaults(t, stage));
    await t.test('refused keys', { timeout: LONGEST_MS }, (t) => refuseKeys(t, stage));
    await t.test('no store', { timeout: LONGEST_MS }, (t) => loseStore(t, stage, storage));
    await t.test('a day later', { timeout: LONGEST_MS }, (t) => proveForgetting(t, stage));
    await t.test('what was told', { timeout: LONGEST_MS }, (t) => proveSilence(t, stage));
  });
}

async function proveErasure(t: Test, stage: Stage): Promise<void> {
  const { ask, simulator, stored, clock } = stage;
  const key = { 'idempotency-key': people.billing.idempotencyKey };
  await ask('ops', 'POST /v1/pacing/:account/pause', { params: { account: 'default' }, body: {} });
  let sends = 0;
  for (const [route, request] of sendsOf(people.billing)) {
    const headers = { ...request.headers, ...(sends++ === 0 && key), prefer: 'respond-async' };
    t.equal((await ask('billing', route, { ...request, headers })).status, 202, route);
  }
  const before = await stored();
  t.strictSame(personal(before), Object.keys(ofBilling), 'what waits is all there');
  t.strictSame(nowhere(before), []);
  const digest = hash('sha256', JSON.stringify(messagesOf.sms(people.billing)));
  t.notOk(before.includes(digest), 'what a request is known by is no plain hash');

  await ask('ops', 'POST /v1/pacing/:account/resume', { params: { account: 'default' }, body: {} });
  // The last of a batch is wrong, and one more went by another account.
  const expected = 9 + 6;
  await simulator.waitFor(expected, 'recorded');
  const received = simulator.received().map(({ rawBody, rawData, files }) => JSON.stringify([rawBody, rawData, files]));
  const { fileContent: _, ...texts } = Object.fromEntries(
    Object.entries(ofBilling).map(([name, text]) => [name.replace("billing's ", ''), text]),
  );
  t.strictSame(createSearch(texts)(received.join('\n')), Object.keys(texts), 'CommBox has got it');
  t.ok(received.join('').includes(hash('sha256', people.billing.fileContent)), 'and the file');
  // Time that is moved on must not look like a CommBox that is silent.
  await until(async () => (await list(stage, 'status=queued,sending')).length === 0);
  t.strictSame(await list(stage, 'status=failed,unknown'), [], 'all of it was sent');
  clock.jump(MINUTE_MS);
  let left: string[] = [];
  await until(
    async () => {
      left = personal(await stored());
      return left.length === 0;
    },
    () => `not erased: ${left.join(', ')}`,
  );
}

async function list({ ask }: Stage, query: string): Promise<unknown[]> {
  return (await ask('ops', 'GET /v1/messages', { query })).json()['messages'] as unknown[];
}

/** Both ways for a key to be replaced: before a call, and during one whose answer still speaks of the old one. */
async function replaceKeys(t: Test, { ask, files, simulator, reload, said }: Stage): Promise<void> {
  const { replaced, current, brand } = commboxKeys;
  const next = [{ delayMs: 200, status: 400, description: `Bearer ${replaced} is old` }];
  simulator.control({ next: [...next, ...next] });
  const calls = simulator.counts().calls;
  const asked = [
    ask('billing', 'POST /v1/sms', { body: messagesOf.sms(people.billing) }),
    ask('billing', 'POST /streams/:streamId/objects', {
      params: { streamId: '532' },
      body: { data: objectOf(people.billing) },
    }),
  ];
  await simulator.waitFor(calls + 2);
  Object.assign(files, { 'commbox-key': current, 'brand-key': brand });
  await reload();
  for (const { text } of await Promise.all(asked)) t.match(text, 'is old');
  simulator.control({ keys: [current, brand] });
  // A file that holds something else in the meantime, as when an editor writes it.
  for (const odd of ['', `${current} ${brand}`, `${brand}\u0000`]) {
    files['brand-key'] = odd;
    await reload();
  }
  files['brand-key'] = brand;
  await reload();
  t.equal((await ask('ops', 'GET /readyz')).status, 200);
  t.ok(said.length > 0);
}

async function useRoutes(t: Test, stage: Stage): Promise<void> {
  await takeTour(t, stage);
  const routes = (await everyRoute(t)).map(({ method, template }) => `${method} ${template}`);
  const used = new Set(stage.said.flatMap(({ route, answer }) => (answer.status < 300 ? [route] : [])));
  t.strictSame(
    routes.filter((route) => !used.has(route)),
    [],
    'each was of use',
  );
  for (const route of routes) await sendWrong(stage, route, people.shop, 'shop');
  await stage.recovers();
}

/** First the one key is refused and the other one taken, then both are refused. */
async function refuseKeys(t: Test, stage: Stage): Promise<void> {
  const { ask, simulator, clock } = stage;
  const send = { body: messagesOf.sms(people.billing) };
  simulator.control({ keys: [commboxKeys.next] });
  simulator.control({ next: [{ status: 400, description: `neither ${commboxKeys.current} nor ${commboxKeys.next}` }] });
  t.equal((await ask('billing', 'POST /v1/sms', send)).json()['code'], 'commbox_rejected');
  simulator.control({ keys: [] });
  t.equal((await ask('billing', 'POST /v1/sms', send)).status, 502);
  await ask('billing', 'POST /v1/sms', { ...send, headers: { prefer: 'respond-async' } });
  t.equal((await ask(null, 'GET /readyz')).status, 503);
  await ask('ops', 'GET /v1/pacing');
  await ask('ops', 'GET /metrics');
  clock.jump(15_000);
  simulator.control({ keys: [commboxKeys.current, commboxKeys.brand] });
  await stage.recovers();
}

async function loseStore(t: Test, stage: Stage, storage: Storage): Promise<void> {
  const { ask } = stage;
  const giveBack = await takeAway(storage);
  const headers = { 'idempotency-key': `${people.billing.idempotencyKey} in vain` };
  const upload = formOf(people.billing);
  const first = ask('billing', 'POST /v1/sms', { body: messagesOf.sms(people.billing), headers });
  const others = [
    ask('billing', 'POST /v1/email', { ...upload, headers: { ...upload.headers, ...headers } }),
    ...['/readyz', '/metrics', '/v1/messages', '/v1/pacing'].map((path) => ask('ops', `GET ${path}`)),
  ];
  t.equal((await first).json()['code'], 'storage_unavailable');
  await giveBack();
  await Promise.all(others);
  await stage.recovers();
}

/** The gateway itself may be writing at this moment. */
async function takeAway(storage: Storage): Promise<() => Promise<void>> {
  let giveBack: (() => Promise<void>) | null = null;
  await until(async () => {
    giveBack = await storage.takeAway().catch(() => null);
    return giveBack !== null;
  });
  return giveBack ?? storage.takeAway();
}

async function proveForgetting(t: Test, stage: Stage): Promise<void> {
  const { stored, clock, ask } = stage;
  const { text, phone, phone2, lastName, email } = people.billing;
  const before = await stored();
  t.strictSame(
    createSearch({ text, phone, phone2, lastName, email })(before).length,
    5,
    'what failed can be sent again',
  );
  t.strictSame(nowhere(before), []);
  let left: string[] = [];
  // A day until what still waits expires, another one until that is forgotten too.
  for (let days = 0; days < 2; days++) {
    clock.jump(25 * HOUR_MS);
    await until(async () => (await list(stage, 'status=queued,sending')).length === 0);
  }
  await until(
    async () => {
      clock.jump(5_000);
      await ask('ops', 'GET /v1/messages');
      left = personal(await stored());
      return left.length === 0;
    },
    () => `not forgotten: ${left.join(', ')}`,
  );
  t.strictSame(nowhere(await stored()), []);
}

async function proveSilence(t: Test, { ask, said, log, close }: Stage): Promise<void> {
  const metrics = await ask('ops', 'GET /metrics');
  t.equal(metrics.status, 200);
  await close();
  t.ok(log.lines().length > 1_000, 'there is a log to look at');
  t.strictSame(nowhere(log.text()), [], 'log: secrets');
  t.strictSame(personal(log.text()), [], 'log: personal data');
  const toBilling = said.filter(({ to }) => to === 'billing').map(({ answer }) => answer.text);
  t.ok(personal(toBilling.join('\n')).length > 15, 'its sender hears of it');
  for (const { to, route, answer } of said) {
    const whole = Buffer.concat([Buffer.from(`${answer.status} ${JSON.stringify(answer.headers)}\n`), answer.bytes]);
    const foreign = personal(whole).filter((name) => !name.startsWith(`${to}'s `));
    const found = [...nowhere(whole), ...foreign];
    if (found.length > 0) t.strictSame(found, [], `${route} to ${to}: ${answer.status} ${answer.text.slice(0, 600)}`);
  }
}
