import type { Test } from 'tap';
import { everyRoute } from '../e2e/log-routes.ts';
import type { Storage } from '../e2e/stored/storage.ts';
import { meetFaults } from './fault-tour.ts';
import { messagesOf, objectOf } from './person.ts';
import { commboxKeys } from './planted.ts';
import { loseSpool, loseStore, proveErasure, proveForgetting } from './prove-store.ts';
import { sendWrong } from './requests.ts';
import { nowhere, personal } from './searches.ts';
import { bytesBelow, type Dump, people, type Stage, startStage } from './stage.ts';
import { takeTour } from './tour.ts';
import { sendWhenPaced } from './when-paced.ts';

const LONGEST_MS = 300_000;
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
    await t.test('no spool', { timeout: LONGEST_MS }, (t) => loseSpool(t, stage, storage));
    await t.test('a day later', { timeout: LONGEST_MS }, (t) => proveForgetting(t, stage));
    t.strictSame(nowhere(await bytesBelow(storage.dataDir)), [], 'no key ever was in any file');
    await t.test('what was told', { timeout: LONGEST_MS }, (t) => proveSilence(t, stage));
  });
}

/** Both ways for a key to be replaced: before a call, and during one whose answer still speaks of the old one. */
async function replaceKeys(t: Test, { ask, files, simulator, reload }: Stage): Promise<void> {
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
  const description = `neither ${commboxKeys.current} nor ${commboxKeys.next}`;
  simulator.control({ keys: [commboxKeys.next] });
  simulator.control({ next: Array.from({ length: 8 }, () => ({ status: 400, description })) });
  t.match((await sendWhenPaced(stage)).json(), { code: 'commbox_rejected' });
  simulator.control({ keys: [], next: [] });
  t.match((await sendWhenPaced(stage)).json(), { status: 502 });
  const headers = { prefer: 'respond-async' };
  await ask('billing', 'POST /v1/sms', { body: messagesOf.sms(people.billing), headers });
  t.match((await ask(null, 'GET /readyz')).text, 'CommBox refuses the key of account default');
  await ask('ops', 'GET /v1/pacing');
  await ask('ops', 'GET /metrics');
  clock.jump(15_000);
  simulator.control({ keys: [commboxKeys.current, commboxKeys.brand] });
  await stage.recovers();
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
