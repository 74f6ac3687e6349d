import t from 'tap';
import { addressGroup } from '../../src/http/address-group.ts';
import { createFailureLimit } from '../../src/http/failure-limit.ts';
import { GATEWAY_KEY, startGateway } from '../support/gateway.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { call } from './call.ts';

const FAILURES = 20;

t.test('an IPv6 network guesses as one, and a valid key from it is never refused', async (t) => {
  const { port } = await startGateway(t, { env: { TRUST_PROXY: '127.0.0.0/8' } });
  const from = (address: string, key: string) =>
    call(port, { method: 'GET', path: '/v1/me', headers: { 'x-api-key': key, 'x-forwarded-for': address } });
  for (let n = 1; n <= FAILURES; n++) t.equal((await from(`2001:db8:0:1::${n.toString(16)}`, 'guess')).status, 401);
  const slowed = await from('2001:db8:0:1:ffff:ffff:ffff:ffff', 'guess');
  t.equal(slowed.status, 429);
  t.match(slowed.headers['retry-after'], /^(60|[45]\d)$/);
  t.equal((await from('2001:db8:0:1::1', GATEWAY_KEY)).status, 200);
  t.equal((await from('2001:db8:0:2::1', 'guess')).status, 401, 'the next network counts for itself');
  t.equal((await from('not an address', 'guess')).status, 401);
});

t.test('addresses are grouped by what one subscriber has', async (t) => {
  const groups = {
    '203.0.113.7': '203.0.113.7',
    '::ffff:203.0.113.7': '203.0.113.7',
    '::ffff:cb00:7107': '203.0.113.7',
    '2001:db8:0:1::1': '2001:db8:0:1::/64',
    '2001:0DB8:0000:0001:ffff:0:0:1': '2001:db8:0:1::/64',
    '::1': '0:0:0:0::/64',
    '2001:db8::': '2001:db8:0:0::/64',
    'fe80::1%eth0': 'fe80:0:0:0::/64',
    '64:ff9b::203.0.113.7': '64:ff9b:0:0::/64',
    '203.0.113.7:4711': null,
    unknown: null,
    '': null,
  };
  for (const [address, group] of Object.entries(groups)) t.equal(addressGroup(address), group, address);
});

t.test('failures are forgotten after their window, and never fill the memory', async (t) => {
  const clock = createManualClock();
  const limit = createFailureLimit({ clock, max: 2, windowMs: 60_000, mostSources: 3 });
  const note = (source: string, times: number) => Array.from({ length: times }, () => limit.note(source)).at(-1);
  t.equal(note('a', 2), 0);
  await clock.advance(10_000);
  t.equal(note('a', 1), 50_000);
  await clock.advance(50_000);
  t.equal(note('a', 2), 0);
  t.ok(note('a', 1));
  for (const source of ['b', 'c', 'a', 'd', 'e']) limit.note(source);
  t.equal(limit.size, 3);
  t.ok(note('a', 1), 'who failed lately is not the one to be forgotten');
});
