import t from 'tap';
import { createLog } from '../../src/observability/log.ts';
import { createUpkeepLog } from '../../src/observability/upkeep-log.ts';
import { createLogCapture } from '../support/log-capture.ts';
import { createManualClock } from '../support/manual-clock.ts';

class Outage extends Error {
  override readonly name = 'Outage';
}
const secondsOf = (count: number) => Array.from({ length: count }, (_, n) => n);

t.test('an outage of five minutes is a line a minute for each task, with how often it failed', async (t) => {
  const clock = createManualClock();
  const capture = createLogCapture();
  const failed = createUpkeepLog(createLog({ level: 'info', sink: capture }), clock);
  for (const second of secondsOf(300)) {
    failed('look', new Outage('of a database that a message names'));
    if (second % 5 === 0) failed('heartbeat', new Outage());
    await clock.advance(1_000);
  }
  const lines = capture.lines();
  const of = (task: string) => lines.filter((line) => line['task'] === task).map(({ failures }) => failures);
  t.strictSame(of('look'), [1, 60, 60, 60, 60]);
  t.strictSame(of('heartbeat'), [1, 12, 12, 12, 12]);
  t.match(lines[0], { level: 40, msg: 'upkeep failed', errorName: 'Outage', errorAt: /upkeep-log\.test/ });
  t.notMatch(JSON.stringify(lines), 'of a database');
});

t.test('another kind of failure is told at once', async (t) => {
  const capture = createLogCapture();
  const failed = createUpkeepLog(createLog({ level: 'info', sink: capture }), createManualClock());
  for (const code of ['EACCES', 'ENOSPC', 'EACCES']) failed('sweep', Object.assign(new Error('no'), { code }));
  t.strictSame(
    capture.lines().map(({ errorCode }) => errorCode),
    ['EACCES', 'ENOSPC'],
  );
});
