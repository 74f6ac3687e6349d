import t, { type Test } from 'tap';
import { createCommboxClient } from '../../src/commbox/client.ts';
import { askSystemStatus, type SystemStatus } from '../../src/commbox/system-status.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { startOddUpstream } from '../e2e/odd-upstream.ts';

const KEY = 'canary-key';

async function ask(t: Test, base: string, key = KEY): Promise<SystemStatus> {
  const { origin, pathname } = new URL(base);
  const timeouts = { answerMs: 2_000, writeStallMs: 2_000 };
  const client = createCommboxClient({ origin, connections: 1, clock: systemClock, timeouts, connectTimeoutMs: 2_000 });
  t.teardown(() => client.destroy());
  return askSystemStatus(client, pathname.replace(/\/$/, ''), { key, requestId: 'r-1' });
}

t.test('the status tells whether a key works', async (t) => {
  const simulator = await startSimulator({ keys: [KEY] });
  t.teardown(() => simulator.close());
  t.match(await ask(t, simulator.url), { verdict: 'accepted', upstream: { status: 200 } });
  t.match(await ask(t, simulator.url, 'another'), { verdict: 'refused', upstream: { status: 401 } });
});

t.test('it is judged by the same rule as sends, and only a refusal speaks against a key', async (t) => {
  const answers = {
    '403 {"status":403}': 'refused',
    '200 {"status":401}': 'refused',
    '200 {"status":"403"}': 'refused',
    '401 ': 'refused',
    '200 {"status":200,"data":null}': 'accepted',
    '200 {}': 'accepted',
    '404 nothing here': 'accepted',
    '400 {"status":400}': 'accepted',
    '429 {"status":429}': 'unclear',
    '503 ': 'unclear',
    '200 {"status":500}': 'unclear',
    '200 <html>a proxy</html>': 'unclear',
    '200 ': 'unclear',
    '302 ': 'unclear',
  } as const;
  for (const [answer, verdict] of Object.entries(answers)) {
    const [status = '', ...body] = answer.split(' ');
    const base = await startOddUpstream(t, (_, response) => response.writeHead(Number(status)).end(body.join(' ')));
    t.equal((await ask(t, base)).verdict, verdict, answer);
  }
});

t.test('no answer is unclear, a base path is kept, and an echoed key goes no further', async (t) => {
  t.match(await ask(t, 'http://127.0.0.1:1'), { verdict: 'unclear', upstream: null, error: Error });
  const paths: (string | undefined)[] = [];
  const base = await startOddUpstream(t, ({ url, headers }, response) => {
    paths.push(url);
    response.writeHead(401).end(JSON.stringify({ status: 401, description: `bad ${headers.authorization}` }));
  });
  const said = await ask(t, `${base}/white/label`);
  t.strictSame(paths, ['/white/label/core/systemstatus']);
  t.strictSame(said, { verdict: 'refused', upstream: { status: 401 }, error: null });
});
