import t from 'tap';
import { expiryWarning } from '../../src/delivery/credentials-expiry.ts';
import { createCredentialAlarms, logExpiries } from '../../src/observability/credential-alarms.ts';
import { createLog } from '../../src/observability/log.ts';
import { createLogCapture } from '../support/log-capture.ts';
import { createManualClock } from '../support/manual-clock.ts';

const DAY_MS = 86_400_000;

t.test('a warning begins 30 days before the end, and says how long is left', async (t) => {
  const now = Date.UTC(2026, 0, 1);
  const at = (leftMs: number) => expiryWarning('default', now + leftMs, now);
  t.equal(at(30 * DAY_MS + 1), null);
  t.equal(at(30 * DAY_MS), 'the key of account default ends in 30 days');
  t.equal(at(2 * DAY_MS - 1), 'the key of account default ends in 1 day');
  t.equal(at(1), 'the key of account default ends in less than a day');
  t.equal(at(0), 'the key of account default has ended by its own date');
  t.equal(expiryWarning('default', null, now), null);
});

t.test('the log warns once a day, of the keys that there are on that day', async (t) => {
  const clock = createManualClock();
  const log = createLogCapture();
  const ends = new Map([['a', clock.now() + 31.5 * DAY_MS]]);
  const stop = logExpiries({
    accounts: () => [...ends].map(([name, endsAt]) => ({ name, expiresAt: () => endsAt })),
    clock,
    log: createLog({ level: 'info', sink: log }),
  });
  await clock.advance(DAY_MS);
  t.equal(log.lines().length, 0);
  await clock.advance(2 * DAY_MS);
  t.match(log.lines(), [
    { level: 40, account: 'a', msg: 'the key of account a ends in 29 days', endsAt: '2026-02-01T12:00:00.000Z' },
    { level: 40, account: 'a', msg: 'the key of account a ends in 28 days' },
  ]);
  ends.set('a', clock.now() + 300 * DAY_MS);
  await clock.advance(DAY_MS);
  t.equal(log.lines().length, 2);
  stop();
  t.equal(clock.pending, 0);
});

t.test('a held account is told once, and once more when it sends again', async (t) => {
  const log = createLogCapture();
  const alarm = createCredentialAlarms(createLog({ level: 'info', sink: log }));
  alarm('a', 'ok', null);
  alarm('a', 'checking', null);
  for (const cause of ['undecided', 'refused', 'undecided', 'refused'] as const) alarm('a', 'refused', cause);
  alarm('a', 'ok', null);
  alarm('a', 'refused', 'gone');
  t.match(log.lines(), [
    { level: 50, account: 'a', cause: 'undecided' },
    { level: 50, account: 'a', cause: 'refused' },
    { level: 30, account: 'a', msg: 'the account sends again' },
    { level: 40, account: 'a', cause: 'gone' },
  ]);
  t.equal(log.lines().length, 4);
});
