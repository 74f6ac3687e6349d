import t, { type Test } from 'tap';
import { ConfigError } from '../../src/config/problems.ts';
import { createReloader, FILE_POLL_MS } from '../../src/config/reloader.ts';
import { createLog } from '../../src/observability/log.ts';
import { createLogCapture } from '../support/log-capture.ts';
import { createManualClock } from '../support/manual-clock.ts';

const problem = (message: string) => new ConfigError([{ name: 'callers.a', message }]);

/** A reloader of a file that can be rewritten; a text that begins with "bad" cannot be used. */
function start(t: Test, first: string | null = 'first') {
  const disk: { text: string | null; failure: string | null } = { text: first, failure: null };
  const clock = createManualClock();
  const log = createLogCapture();
  const applied: string[] = [];
  const reloader = createReloader({
    read: async () => {
      if (disk.failure !== null) throw problem(disk.failure);
      return disk.text;
    },
    load: async (text) => {
      if (text.startsWith('bad')) throw problem(`is ${text}`);
      return text;
    },
    apply: (text) => applied.push(text),
    loadedText: first,
    clock,
    log: createLog({ level: 'info', sink: log }),
  });
  reloader.start();
  t.teardown(reloader.stop);
  const poll = () => clock.advance(FILE_POLL_MS);
  return { disk, clock, log, applied, reloader, poll };
}

t.test('a changed text is in force once it stood for an interval, and only once', async (t) => {
  const { disk, applied, log, poll } = start(t);
  await poll();
  disk.text = 'half-writ';
  await poll();
  disk.text = 'second';
  await poll();
  t.strictSame(applied, [], 'a text that is still being written does not count');
  await poll();
  await poll();
  t.strictSame(applied, ['second']);
  t.equal(log.lines({ msg: 'the configuration was reloaded' }).length, 1);
});

t.test('a bad text changes nothing, is told once, and does not keep the next one out', async (t) => {
  const { disk, applied, log, poll } = start(t);
  disk.text = 'bad one';
  for (let n = 0; n < 4; n++) await poll();
  t.match(log.lines(), [{ level: 50, problems: ['callers.a: is bad one'] }]);
  t.equal(log.lines().length, 1);
  disk.text = 'bad two';
  for (let n = 0; n < 3; n++) await poll();
  t.equal(log.lines({ level: 50 }).length, 2, 'another problem is told again');
  disk.text = 'good';
  for (let n = 0; n < 2; n++) await poll();
  t.strictSame(applied, ['good']);
});

t.test('what was refused is tried again, since a file that it names may turn up', async (t) => {
  const { disk, applied, poll, log } = start(t);
  disk.failure = 'cannot read';
  disk.text = 'second';
  for (let n = 0; n < 3; n++) await poll();
  t.equal(log.lines().length, 1);
  disk.failure = null;
  for (let n = 0; n < 2; n++) await poll();
  t.strictSame(applied, ['second']);
});

t.test('a file that disappears takes nothing away; one that appears counts', async (t) => {
  const gone = start(t);
  gone.disk.text = null;
  for (let n = 0; n < 3; n++) await gone.poll();
  t.match(gone.log.lines(), [{ level: 50, problems: [/the file is gone/] }]);
  gone.disk.text = 'first';
  await gone.poll();
  t.match(gone.log.lines().at(-1), { level: 30, msg: 'the configuration is unchanged' });
  t.strictSame(gone.applied, []);

  const none = start(t, null);
  for (let n = 0; n < 2; n++) await none.poll();
  none.disk.text = 'new';
  for (let n = 0; n < 2; n++) await none.poll();
  t.strictSame(none.applied, ['new']);
});

t.test('on demand the text counts at once, and what came of it is told each time', async (t) => {
  const { disk, applied, reloader, log } = start(t);
  await reloader.reload();
  disk.text = 'bad';
  await reloader.reload();
  await reloader.reload();
  disk.text = 'second';
  await reloader.reload();
  t.strictSame(applied, ['second']);
  t.match(log.lines(), [
    { msg: 'the configuration is unchanged' },
    { level: 50, problems: ['callers.a: is bad'] },
    { level: 50, problems: ['callers.a: is bad'] },
    { msg: 'the configuration was reloaded' },
  ]);
});

t.test('nothing is applied any more once it ends', async (t) => {
  const { disk, applied, reloader, clock } = start(t);
  disk.text = 'second';
  const reloading = reloader.reload();
  reloader.stop();
  await reloading;
  t.strictSame(applied, []);
  t.equal(clock.pending, 0);
});
