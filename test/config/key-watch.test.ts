import t, { type Test } from 'tap';
import { createKeyWatch, KEY_POLL_MS } from '../../src/config/key-watch.ts';
import { createLog } from '../../src/observability/log.ts';
import { createLogCapture } from '../support/log-capture.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { load, MINIMUM } from './fixtures.ts';

const KEYS = ['canary-key-one', 'canary-key-two', 'canary-key-three'] as const;
const ENV = { ...MINIMUM, COMMBOX_API_KEY: '', COMMBOX_API_KEY_FILE: 'key', COMMBOX_API_KEY_NEXT_FILE: 'next' };

async function startWatch(t: Test) {
  const files: Record<string, string | { code: string }> = { key: KEYS[0], next: KEYS[1] };
  const { accounts } = await load(ENV, files);
  const clock = createManualClock();
  const log = createLogCapture();
  const changes: string[] = [];
  const watch = createKeyWatch({
    accounts: () => accounts,
    clock,
    log: createLog({ level: 'info', sink: log }),
    onChange: (account) => changes.push(account),
  });
  watch.start();
  t.teardown(watch.stop);
  return { files, log, changes, clock, watch, account: accounts[0], poll: () => clock.advance(KEY_POLL_MS) };
}

t.test('a file with another key is noticed at the next look, which comes within a second', async (t) => {
  const { files, account, changes, poll } = await startWatch(t);
  t.ok(KEY_POLL_MS < 1000);
  await poll();
  t.strictSame(changes, []);
  files['next'] = KEYS[2];
  await poll();
  t.strictSame(changes, ['default']);
  t.strictSame(account?.keys(), { current: KEYS[0], next: KEYS[2] });
});

t.test('a file that cannot be used is told once until the problem changes, and the key stays', async (t) => {
  const { files, account, changes, log, poll } = await startWatch(t);
  for (const content of [{ code: 'ENOENT' }, { code: 'ENOENT' }, '', '', `${KEYS[2]} with spaces`, KEYS[0]]) {
    files['key'] = content;
    await poll();
  }
  t.strictSame([account?.keys().current, changes], [KEYS[0], []]);
  t.match(log.lines(), [
    { level: 40, account: 'default', which: 'key', problem: /ENOENT/ },
    { level: 40, which: 'key', problem: /is empty/ },
    { level: 40, which: 'key', problem: /is not allowed/ },
    { level: 30, which: 'key', msg: 'the key file can be used again' },
  ]);
  t.equal(log.lines().length, 4);
  files['key'] = KEYS[2];
  await poll();
  t.match(log.lines().at(-1), { level: 30, which: 'key', msg: 'the key was replaced' });
  for (const key of KEYS) t.notOk(log.text().includes(key), 'no line holds a key');
});

t.test('files are read on demand too, and no more once the watch ends', async (t) => {
  const { files, account, changes, clock, watch, poll } = await startWatch(t);
  files['key'] = KEYS[2];
  await watch.refreshAll();
  t.strictSame(changes, ['default']);
  watch.stop();
  t.equal(clock.pending, 0);
  files['key'] = KEYS[1];
  await poll();
  t.equal(account?.keys().current, KEYS[2]);
});
