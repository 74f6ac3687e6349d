import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import t from 'tap';
import { createAccountCheck } from '../../src/cli/check/account.ts';
import { bounded, ok } from '../../src/cli/check/check.ts';
import { judgeSpace } from '../../src/cli/check/directories.ts';
import { judgeKey } from '../../src/cli/check/key.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createManualClock } from '../support/manual-clock.ts';

const DAY_MS = 86_400_000;
const MIB = 1024 ** 2;

t.test('what never ends fails after ten seconds, and what it held is let go', async (t) => {
  const clock = createManualClock();
  let isFreed = false;
  const free = () => {
    isFreed = true;
  };
  const waiting = bounded(clock, 'store', () => new Promise(() => undefined), free);
  await clock.advance(9_999);
  t.equal(isFreed, false);
  await clock.advance(1);
  t.strictSame(await waiting, [{ status: 'failed', name: 'store', detail: 'no result within 10 s' }]);
  t.equal(isFreed, true);
  t.strictSame(await bounded(clock, 'store', () => [ok('store', 'fine')]), [ok('store', 'fine')]);
  t.equal(clock.pending, 0);
});

t.test('a CommBox that takes the connection and says nothing is told apart from one that is not there', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const config = await loadConfig({
    env: {
      COMMBOX_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      COMMBOX_API_KEY: 'key-of-commbox',
      GATEWAY_API_KEY: 'gateway-key-of-the-one-caller',
    },
    cwd: '/',
    readFile: async () => {
      throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    },
  });
  const [account] = config.accounts;
  if (account === undefined) throw new Error('there is a default account');
  const clock = createManualClock();
  const running = createAccountCheck(account, config, clock).run();
  const [socket] = await once(server, 'connection');
  await once(socket, 'data');
  await clock.advance(5_000);
  const [reach, key] = await running;
  t.match(reach, { status: 'failed', detail: /cannot be reached: no answer within 5 s$/ });
  t.match(key, { status: 'warning', detail: /^not tried/ });
});

t.test("a key's end is a warning from 30 days on, however CommBox likes it", async (t) => {
  const judge = (left: number, last = left) => {
    const [endsAt, lastEndsAt] = [1e12 + left, 1e12 + last];
    return judgeKey({ name: 'key of default', answer: 'accepted', endsAt, lastEndsAt, hasOther: true }, 1e12);
  };
  t.match(judge(30 * DAY_MS + 1), { status: 'ok', daysLeft: 30 });
  t.match(judge(30 * DAY_MS), { status: 'warning', daysLeft: 30, detail: /in 30 days$/ });
  t.match(judge(DAY_MS), { status: 'warning', daysLeft: 1, detail: /in 1 day$/ });
  t.match(judge(-1), { status: 'warning', daysLeft: -1, detail: /; ended on 2001-09-0\d$/ });
  t.match(judge(DAY_MS, 300 * DAY_MS), { status: 'ok', daysLeft: 1 }, 'unless another key lasts longer');
});

t.test('little space is a warning, too little for one message a failure', async (t) => {
  t.match(judgeSpace(3 * 1024 * MIB, 25 * MIB), { status: 'ok', detail: /^3\.0 GiB free/ });
  t.match(judgeSpace(1023 * MIB, 25 * MIB), { status: 'warning', detail: /^1023 MiB free/ });
  t.match(judgeSpace(25 * MIB, 25 * MIB), { status: 'warning' });
  t.match(judgeSpace(25 * MIB - 1, 25 * MIB), { status: 'failed', detail: /ATTACHMENT_LIMIT/ });
});
