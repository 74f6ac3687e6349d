import t from 'tap';
import { startSimulator } from '../../src/simulator/server.ts';
import { COMMBOX_KEY, startGateway } from '../support/gateway.ts';
import { createJumpingClock } from './stored/jumping-clock.ts';
import { sms } from './stored/stage.ts';

/** Longer than any pause between two probes. */
const LONG_MS = 400_000;
const PROBES = 8;

t.test('a quota that is used up is told once in the log and in readiness, and once that it is over', async (t) => {
  const clock = createJumpingClock();
  const { post, get, simulator, log } = await startGateway(t, { clock });
  simulator.control({ next: Array.from({ length: PROBES }, () => ({ status: 429 })) });
  await post('/v1/sms', sms('waiting'), { prefer: 'respond-async' });
  for (let calls = 1; calls <= PROBES; calls++) {
    await simulator.waitFor(calls, 'calls');
    await log.line({ msg: 'attempt', attempt: calls });
    if (calls === PROBES - 1) t.strictSame(log.lines({ level: 50 }), [], 'a short throttle is no alarm');
    if (calls < PROBES) clock.jump(LONG_MS);
  }
  const said = 'quota exhausted: CommBox has refused probe after probe of account default';
  t.match(await log.line({ level: 50 }), { account: 'default', cause: 'exhausted', msg: `${said}: its messages wait` });
  t.match(await get('/readyz'), { status: 200 }, 'other accounts, and stored sends, go on');
  t.strictSame((await get('/readyz')).json()['warnings'], [said]);

  clock.jump(LONG_MS);
  await simulator.waitFor(1, 'recorded');
  t.match(await log.line({ msg: 'CommBox takes messages of the account again' }), { level: 30, account: 'default' });
  t.equal(log.lines({ level: 50 }).length, 1);
  t.strictSame((await get('/readyz')).json()['warnings'], []);
});

t.test('so is a CommBox that cannot be reached', async (t) => {
  const clock = createJumpingClock();
  const commbox = await startSimulator({ keys: [COMMBOX_KEY] });
  const { post, get, log } = await startGateway(t, { clock, commbox });
  await commbox.close();
  await post('/v1/sms', sms('waiting'), { prefer: 'respond-async' });
  const said = 'CommBox cannot be reached for account default';
  t.match(await log.line({ cause: 'unreachable' }), { level: 40, msg: `${said}: its messages wait` });
  t.strictSame((await get('/readyz')).json()['warnings'], [said]);

  const back = await startSimulator({ keys: [COMMBOX_KEY], port: commbox.port });
  t.teardown(() => back.close());
  clock.jump(LONG_MS);
  await back.waitFor(1, 'recorded');
  await log.line({ msg: 'CommBox takes messages of the account again' });
  t.equal(log.lines({ cause: 'unreachable', level: 40 }).length, 1);
});
