import t, { type Test } from 'tap';
import { KEY_POLL_MS } from '../../src/config/key-watch.ts';
import { ASK_AGAIN_MS } from '../../src/delivery/credentials.ts';
import type { SimulatorOptions } from '../../src/simulator/server.ts';
import { expectProblem } from '../http/expect-problem.ts';
import { type Gateway, type GatewayOptions, least, startGateway } from '../support/gateway.ts';
import { createJumpingClock } from './stored/jumping-clock.ts';
import { sms, textsAt, until } from './stored/stage.ts';

// Found in a log line or an answer, each would be a leak.
const OLD = 'canary-key-of-last-year';
const NEW = 'canary-key-of-this-year';
const BRAND = 'canary-key-of-the-brand';
const KEYS = [OLD, NEW, BRAND] as const;

interface Start extends GatewayOptions {
  readonly simulator?: SimulatorOptions;
}

/** A gateway whose key comes from a file, on a clock that can be moved on. */
async function start(t: Test, { env, files = { key: OLD }, simulator = { keys: [OLD] }, ...more }: Start = {}) {
  const clock = createJumpingClock();
  const next = files['next'] === undefined ? {} : { COMMBOX_API_KEY_NEXT_FILE: 'next' };
  const key = { COMMBOX_API_KEY: '', COMMBOX_API_KEY_FILE: 'key', ...next };
  const gateway = await startGateway(t, { ...more, files, simulator, clock, env: { ...key, ...env } });
  const view = async (id: string) => (await gateway.get(`/v1/messages/${id}`)).json();
  return {
    ...gateway,
    clock,
    files,
    view,
    async accept(message: object, path = '/v1/sms'): Promise<string> {
      return String((await gateway.post(path, message, { prefer: 'respond-async' })).json()['id']);
    },
    /** Resolves once the message shows these members. */
    async reaches(id: string, members: Record<string, unknown>): Promise<void> {
      let seen = await view(id);
      const isSo = () => Object.entries(members).every(([name, value]) => seen[name] === value);
      await until(
        async () => {
          if (!isSo()) seen = await view(id);
          return isSo();
        },
        () => `${id} is ${JSON.stringify(seen)}`,
      );
    },
  };
}

function expectNoKey(t: Test, { log }: Gateway, answers: readonly { readonly text: string }[] = []): void {
  const told = log.text() + answers.map(({ text }) => text).join('');
  for (const key of KEYS) t.notOk(told.includes(key), 'no key is told');
}

t.test('a revoked key: plain sends are refused at once, the others wait, and a new key lets them go', async (t) => {
  const gateway = await start(t);
  const { simulator, post, get, reaches, files, clock, log, view } = gateway;
  simulator.control({ keys: [NEW] });
  const first = await post('/v1/sms', least.sms);
  expectProblem(t, first, { code: 'commbox_unauthorized', outcome: 'not_sent' });
  const { calls } = simulator.counts();

  const second = await post('/v1/sms', least.sms);
  expectProblem(t, second, { code: 'commbox_unauthorized', outcome: 'not_sent' });
  t.equal(second.headers['retry-after'], '30', 'nobody knows when a key will work');
  const answer = await post('/v1/sms', sms('waiting'), { prefer: 'respond-async' });
  t.match(answer.json(), { status: 'queued', position: 0, estimatedStart: null });
  const waiting = String(answer.json()['id']);
  await reaches(waiting, { status: 'queued', waitingFor: 'credentials' });
  t.equal(simulator.counts().calls, calls, 'no message is tried with a key that is refused');

  const ready = await get('/readyz');
  t.equal(ready.status, 503);
  t.strictSame(ready.json()['reasons'], ['CommBox refuses the key of account default']);
  t.match(log.lines({ level: 50, cause: 'refused' }), [{ account: 'default' }]);

  files['key'] = NEW;
  clock.jump(KEY_POLL_MS);
  await reaches(waiting, { status: 'sent' });
  t.match(await view(waiting), { attempts: 1, code: null });
  t.equal((await get('/readyz')).status, 200);
  t.equal((await post('/v1/sms', least.sms)).status, 201);
  t.equal(log.lines({ level: 50, cause: 'refused' }).length, 1, 'the alarm is told once');
  await log.line({ msg: 'the account sends again' });
  expectNoKey(t, gateway, [first, second, ready]);
});

t.test('a stored message that met the refusal itself waits too, and is sent once', async (t) => {
  const { simulator, accept, reaches, clock, view } = await start(t);
  simulator.control({ keys: [] });
  const id = await accept(sms('stored'));
  await reaches(id, { status: 'queued', waitingFor: 'credentials', attempts: 1 });
  simulator.control({ keys: [OLD] });
  clock.jump(ASK_AGAIN_MS);
  await reaches(id, { status: 'sent' });
  t.match(await view(id), { attempts: 2, attemptLog: [{ upstreamStatus: 401 }, { upstreamStatus: 200 }] });
  t.strictSame(textsAt(simulator, 'recorded'), ['stored']);
});

t.test('a refusal of one message alone pauses nothing', async (t) => {
  const { simulator, post, get, accept, reaches, log } = await start(t);
  for (const status of [401, 403]) {
    simulator.control({ next: [{ status }] });
    expectProblem(t, await post('/v1/sms', least.sms), { code: 'commbox_unauthorized' });
  }
  simulator.control({ next: [{ status: 403 }] });
  await reaches(await accept(sms('alone')), { status: 'failed', code: 'commbox_unauthorized' });
  t.equal((await post('/v1/sms', least.sms)).status, 201);
  t.equal((await get('/readyz')).status, 200);
  t.strictSame(log.lines({ cause: 'refused' }), []);
});

t.test('the second key is tried once when the first is refused, and first from then on', async (t) => {
  const gateway = await start(t, { files: { key: OLD, next: NEW }, simulator: { keys: [OLD, NEW] } });
  const { simulator, post } = gateway;
  t.equal((await post('/v1/sms', least.sms)).status, 201);
  simulator.control({ keys: [NEW] });
  t.match((await post('/v1/sms', least.sms)).json(), { status: 'sent', attempts: 1 });
  t.equal(simulator.counts().calls, 3);
  t.equal((await post('/v1/sms', least.sms)).status, 201);
  t.equal(simulator.counts().calls, 4, 'the refused key is not asked again');
  expectNoKey(t, gateway);
});

t.test('a key that is replaced in the moment that its predecessor ends costs no message', async (t) => {
  const { simulator, post, files, log } = await start(t);
  simulator.control({ keys: [NEW] });
  files['key'] = NEW;
  t.equal((await post('/v1/sms', least.sms)).status, 201, 'although nobody has looked at the file yet');
  t.strictSame(log.lines({ cause: 'refused' }), []);
});

t.test('an empty or missing key file keeps the key', async (t) => {
  const gateway = await start(t);
  const { post, files, clock, log } = gateway;
  files['key'] = '\n';
  clock.jump(KEY_POLL_MS);
  await log.line({ level: 40, which: 'key' });
  t.equal((await post('/v1/sms', least.sms)).status, 201);
  expectNoKey(t, gateway);
});

t.test('each account stands for itself', async (t) => {
  const yaml =
    'streams: { news: { channel: sms, id: "9", account: brand-b } }\naccounts: { brand-b: { keyFile: brand } }';
  const files = { key: OLD, brand: BRAND };
  const gateway = await start(t, { yaml, files, simulator: { keys: [OLD] } });
  const { simulator, post, get, accept, reaches, clock } = gateway;
  const held = await accept(sms('held', { stream: 'news' }));
  await reaches(held, { waitingFor: 'credentials' });
  t.equal((await post('/v1/sms', least.sms)).status, 201);
  const refused = (account: string) => `CommBox refuses the key of account ${account}`;
  const ready = await get('/readyz');
  t.equal(ready.status, 200, 'callers of the other account keep the gateway');
  t.match(ready.json(), { reasons: [], warnings: [refused('brand-b')] });
  simulator.control({ keys: [] });
  t.equal((await post('/v1/sms', least.sms)).status, 502);
  const useless = await get('/readyz');
  t.equal(useless.status, 503);
  t.strictSame(useless.json()['reasons'], [refused('default'), refused('brand-b')]);
  simulator.control({ keys: [OLD, BRAND] });
  clock.jump(ASK_AGAIN_MS);
  await reaches(held, { status: 'sent' });
  expectNoKey(t, gateway);
});

t.test('a key that ends soon is told in readiness and in the log, and makes nothing unready', async (t) => {
  const exp = Math.floor(Date.now() / 1000) + 10 * 86_400 + 60;
  const claims = Buffer.from(JSON.stringify({ exp })).toString('base64url');
  const key = `e30.${claims}.c2lnbmF0dXJl`;
  const { get, log } = await start(t, { files: { key }, simulator: { keys: [key] } });
  const ready = await get('/readyz');
  t.equal(ready.status, 200);
  t.strictSame(ready.json(), {
    status: 'ready',
    reasons: [],
    warnings: ['the key of account default ends in 10 days'],
  });
  t.match(log.lines({ level: 40 }), [{ account: 'default', msg: 'the key of account default ends in 10 days' }]);
  t.notOk(log.text().includes(claims));
});
