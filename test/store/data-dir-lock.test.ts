import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { systemClock } from '../../src/kernel/clock.ts';
import { DataDirInUse, lockDataDir } from '../../src/store/data-dir-lock.ts';
import { createManualClock } from '../support/manual-clock.ts';

const script = `
  import { systemClock } from ${JSON.stringify(new URL('../../src/kernel/clock.ts', import.meta.url).href)};
  import { lockDataDir } from ${JSON.stringify(new URL('../../src/store/data-dir-lock.ts', import.meta.url).href)};
  globalThis.lock = await lockDataDir({ directory: process.argv[1], clock: systemClock, waitMs: 0 });
  console.log('locked');
  process.stdin.resume();
`;

function directoryOf(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'lock-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** Another process that holds the lock until its standard input ends. */
async function holder(t: Test, directory: string) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, directory], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const [output] = await once(child.stdout, 'data');
  t.match(String(output), 'locked');
  return child;
}

t.test('a second process waits, then fails and names the way out', async (t) => {
  const directory = directoryOf(t);
  await holder(t, directory);
  const clock = createManualClock();
  let failure: unknown = null;
  const waiting = lockDataDir({ directory, clock, waitMs: 30_000 }).catch((error: unknown) => {
    failure = error;
  });
  await clock.advance(29_999);
  t.equal(failure, null, 'it may still come free');
  await clock.advance(1_000);
  await waiting;
  t.type(failure, DataDirInUse);
  t.match(String(failure), directory);
  t.match(String(failure), 'DATABASE_URL');
  t.equal(clock.pending, 0);
});

t.test('a process that is killed leaves no lock behind', async (t) => {
  const directory = directoryOf(t);
  const child = await holder(t, directory);
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
  const lock = await lockDataDir({ directory, clock: systemClock, waitMs: 0 });
  await t.rejects(lockDataDir({ directory, clock: systemClock, waitMs: 0 }), DataDirInUse, 'this one holds it now');
  lock.release();
  lock.release();
  (await lockDataDir({ directory, clock: systemClock, waitMs: 0 })).release();
});

t.test('a process that ends while the next one waits hands over', async (t) => {
  const directory = directoryOf(t);
  const child = await holder(t, directory);
  const clock = createManualClock();
  const waiting = lockDataDir({ directory, clock, waitMs: 30_000 });
  await clock.advance(1_000);
  const exited = once(child, 'exit');
  child.stdin.end();
  await exited;
  await clock.advance(1_000);
  (await waiting).release();
});

t.test('the lock file is for its owner alone, and a directory that is missing is told at once', async (t) => {
  const directory = directoryOf(t);
  (await lockDataDir({ directory, clock: systemClock, waitMs: 0 })).release();
  t.equal(statSync(join(directory, 'lock.db')).mode & 0o777, 0o600);
  const missing = join(directory, 'none');
  await t.rejects(lockDataDir({ directory: missing, clock: systemClock, waitMs: 0 }), { code: 'ENOENT' });
});
