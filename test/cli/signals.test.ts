import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';

const FIXTURE = fileURLToPath(new URL('./endless-end.ts', import.meta.url));

/** Starts a process whose end never comes, and sends the signals once it is ready, each after a line of its log. */
async function endWith(t: Test, signals: readonly NodeJS.Signals[]) {
  const child = spawn(process.execPath, [FIXTURE], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => void child.kill('SIGKILL'));
  const left = [...signals];
  const messages: unknown[] = [];
  createInterface(child.stdout).on('line', (line) => {
    messages.push((JSON.parse(line) as Record<string, unknown>)['msg']);
    const next = left.shift();
    if (next !== undefined) child.kill(next);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, messages };
}

t.test('an end that does not come is cut, and says so', async (t) => {
  const { code, messages } = await endWith(t, ['SIGTERM']);
  t.strictSame(messages, ['ready', 'closing', 'closing took too long']);
  t.equal(code, 1);
});

t.test('a second signal ends the process at once', async (t) => {
  const { code, messages } = await endWith(t, ['SIGTERM', 'SIGINT']);
  t.strictSame(messages, ['ready', 'closing']);
  t.equal(code, 1);
});
