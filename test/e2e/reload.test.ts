import t, { type Test } from 'tap';
import { FILE_POLL_MS } from '../../src/config/reloader.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { keyHash } from '../config/fixtures.ts';
import { least, startGateway } from '../support/gateway.ts';
import { createHeldAnswers, HELD } from '../support/held-answers.ts';
import { createJumpingClock } from './stored/jumping-clock.ts';
import { sms, textsAt, until } from './stored/stage.ts';

// Whoever reads the log must not find them.
const OLD = 'canary-old-key-of-billing';
const NEW = 'canary-new-key-of-billing';
const BRAND = 'canary-commbox-key-of-the-brand';

const billing = (...keys: string[]) => `callers: { billing: { keys: [${keys.map((key) => `"${keyHash(key)}"`)}] } }\n`;

async function start(t: Test, yaml: string, more: Record<string, string> = {}) {
  const files: Record<string, string> = { 'gateway.yaml': yaml, ...more };
  const clock = createJumpingClock();
  const held = createHeldAnswers();
  const gateway = await startGateway(t, { files, clock, simulator: { clock: held } });
  const { get, post, log } = gateway;
  const as = (key: string) => ({ authorization: `Bearer ${key}` });
  return {
    ...gateway,
    files,
    clock,
    held,
    /** Rewrites the file and has it read. */
    async rewrite(text: string) {
      files['gateway.yaml'] = text;
      await gateway.reload();
    },
    me: (key: string) => get('/v1/me', as(key)),
    sends: (stream: string, key?: string) => post('/v1/sms', sms(stream, { stream }), key === undefined ? {} : as(key)),
    async view(id: string) {
      return (await get(`/v1/messages/${id}`)).json();
    },
    complaints: () => log.lines({ level: 50 }).flatMap(({ problems }) => problems as string[]),
  };
}

t.test('a caller changes its key without a gap: both live, then the new one alone', async (t) => {
  const { rewrite, me, log } = await start(t, billing(OLD));
  const statuses = async () => [(await me(OLD)).status, (await me(NEW)).status];
  t.strictSame(await statuses(), [200, 401]);
  await rewrite(billing(OLD, NEW));
  t.strictSame(await statuses(), [200, 200]);
  await rewrite(billing(NEW));
  t.strictSame(await statuses(), [401, 200]);
  for (const key of [OLD, NEW]) t.notOk(log.text().includes(key));
});

t.test('a changed file is in force after a moment, without any signal', async (t) => {
  const { files, clock, me, log } = await start(t, billing(OLD));
  files['gateway.yaml'] = billing(NEW);
  await until(async () => {
    clock.jump(FILE_POLL_MS);
    return (await me(NEW)).status === 200;
  });
  t.equal((await me(OLD)).status, 401);
  t.equal(log.lines({ msg: 'the configuration was reloaded' }).length, 1);
});

t.test('permissions, limits and streams change; what is on its way keeps what it was accepted with', async (t) => {
  const streams = (id: string) => `streams: { news: { channel: sms, id: "${id}" } }\n`;
  const { rewrite, sends, post, me, simulator, held } = await start(t, streams('1') + billing(OLD));
  simulator.control({ next: [HELD] });
  const inFlight = sends('news', OLD);
  await simulator.waitFor(1);
  await rewrite(`${streams('2')}${billing(OLD).replace('] }', '], channels: [sms], rateLimit: { max: 2 } }')}`);
  held.release();
  t.match((await inFlight).json(), { status: 'sent', streamId: '1' });
  t.match((await sends('news', OLD)).json(), { status: 'sent', streamId: '2' });
  t.equal((await post('/v1/email', least.email, { authorization: `Bearer ${OLD}` })).status, 403);
  t.equal((await me(OLD)).status, 429, 'the limit of the new entry counts');
});

t.test('a bad file changes nothing, and the log says all that is wrong without quoting it', async (t) => {
  const { rewrite, me, get, complaints, log } = await start(t, billing(OLD));
  await rewrite(`callers: { billing: { keys: ["${NEW}"], weigth: 2 } }\nstreams: { x: { channel: fax, id: 1 } }`);
  t.equal((await me(OLD)).status, 200);
  t.equal((await get('/readyz')).status, 200);
  const told = complaints();
  for (const place of ['callers.billing.keys[0]', 'callers.billing.weigth', 'streams.x.channel']) {
    t.ok(
      told.some((problem) => problem.startsWith(place)),
      place,
    );
  }
  await rewrite(`${billing(OLD)}  broken: [`);
  t.match(complaints().at(-1), /gateway\.yaml:\d+:\d+/);
  t.equal((await me(OLD)).status, 200);
  t.notOk(log.text().includes(NEW));
});

const brand = (url: string, more = '') =>
  `streams: { news: { channel: sms, id: "9", account: brand-b } }\naccounts: { brand-b: { url: "${url}", keyFile: brand${more} } }\n`;

t.test('an account comes, moves, goes with its messages held, and comes back', async (t) => {
  const files = { brand: BRAND };
  const held = createHeldAnswers();
  const first = await startSimulator({ keys: [BRAND], clock: held });
  const second = await startSimulator({ keys: [BRAND] });
  t.teardown(() => Promise.all([first.close(), second.close()]));
  const { rewrite, sends, post, get, view, clock, simulator, log } = await start(t, '', files);
  t.equal((await sends('news')).status, 400);

  await rewrite(brand(first.url));
  t.equal((await sends('news')).status, 201);
  first.control({ next: [HELD] });
  const inFlight = sends('news');
  await first.waitFor(2);
  await rewrite(brand(second.url, ', concurrency: 2'));
  t.equal((await sends('news')).status, 201);
  held.release();
  t.equal((await inFlight).status, 201, 'what was on its way arrives where it was going');
  t.strictSame([first.counts().calls, second.counts().calls], [2, 1]);

  const sendAt = new Date(clock.now() + 5_000).toISOString();
  const later = await post('/v1/sms', sms('later', { stream: 'news', sendAt }), { prefer: 'respond-async' });
  const id = String(later.json()['id']);
  await rewrite('');
  clock.jump(5_000);
  await until(async () => (await view(id))['waitingFor'] === 'credentials');
  t.equal((await get('/readyz')).status, 200, 'an account that was taken away is no alarm');
  await log.line({ level: 40, account: 'brand-b', cause: 'gone' });
  t.equal((await post('/v1/sms', least.sms)).status, 201);

  await rewrite(brand(second.url));
  await until(async () => (await view(id))['status'] === 'sent');
  t.strictSame(textsAt(second), ['news', 'later']);
  t.strictSame(textsAt(simulator), ['hello']);
  t.notOk(log.text().includes(BRAND));
});

t.test('an account whose key cannot be read is no reload, until it can', async (t) => {
  const { rewrite, sends, files, clock, simulator, complaints } = await start(t, '');
  simulator.control({ keys: null });
  await rewrite(brand(simulator.url));
  t.match(complaints(), [/^accounts\.brand-b\.keyFile: cannot read the file/]);
  t.equal((await sends('news')).status, 400);
  files['brand'] = BRAND;
  await until(async () => {
    clock.jump(FILE_POLL_MS);
    return (await sends('news')).status === 201;
  });
});
