import t from 'tap';
import { idleAccount, stage } from './stage.ts';

const P = 'commbox_gateway_';

t.test('a scrape tells what every account does at that moment', async (t) => {
  let pacing: 'throttled' | 'paced' = 'throttled';
  const { read } = stage({
    accounts: () => [
      { ...idleAccount, pacing, rate: 12.5, inFlight: 3, concurrency: 8, keysExpireAt: { current: 1_800_000_000_000 } },
      { ...idleAccount, name: 'brand-b', keysExpireAt: { current: null, next: 1_900_000_000_000 } },
    ],
  });
  const { value, samples } = await read();
  const account = 'default';
  t.equal(value(`${P}pacing_rate_messages_per_second`, { account }), 12.5);
  t.equal(value(`${P}pacing_state`, { account, state: 'throttled' }), 1);
  t.equal(value(`${P}pacing_state`, { account, state: 'free' }), 0);
  t.equal(value(`${P}pacing_state`, { account: 'brand-b', state: 'free' }), 1);
  t.equal(value(`${P}in_flight_attempts`, { account }), 3);
  t.equal(value(`${P}concurrency_limit`, { account }), 8);
  t.equal(value(`${P}key_expiry_timestamp_seconds`, { account, key: 'current' }), 1_800_000_000);
  t.equal(value(`${P}key_expiry_timestamp_seconds`, { account: 'brand-b', key: 'next' }), 1_900_000_000);
  t.equal(value(`${P}key_expiry_timestamp_seconds`, { account: 'brand-b', key: 'current' }), undefined);
  t.notOk(samples.some(({ name, labels }) => name.includes('rate') && labels['account'] === 'brand-b'));
  pacing = 'paced';
  const next = await read();
  t.equal(next.value(`${P}pacing_state`, { account, state: 'throttled' }), 0);
  t.equal(next.value(`${P}pacing_state`, { account, state: 'paced' }), 1);
});

t.test('the backlog is told by account and lane, empty lanes as 0', async (t) => {
  const { clock, read } = stage({
    backlog: async () => [
      { account: 'default', lane: 'bulk', messages: 5, oldestDueAt: clock.now() - 4_000 },
      { account: 'default', lane: 'bulk', messages: 2, oldestDueAt: clock.now() - 9_000 },
      { account: 'default', lane: 'normal', messages: 1, oldestDueAt: null },
      { account: 'gone', lane: 'normal', messages: 3, oldestDueAt: clock.now() - 1_000 },
    ],
  });
  const { value } = await read();
  const bulk = { account: 'default', lane: 'bulk' };
  t.equal(value(`${P}backlog_messages`, bulk), 7);
  t.equal(value(`${P}backlog_oldest_age_seconds`, bulk), 9);
  t.equal(value(`${P}backlog_messages`, { account: 'default', lane: 'normal' }), 1);
  t.equal(value(`${P}backlog_oldest_age_seconds`, { account: 'default', lane: 'normal' }), 0, 'none is due yet');
  t.equal(value(`${P}backlog_messages`, { account: 'default', lane: 'critical' }), 0);
  t.equal(value(`${P}backlog_messages`, { account: 'gone', lane: 'normal' }), 3);
});

t.test('an account that was taken out of the configuration is told of no more', async (t) => {
  let names = ['default', 'brand-b'];
  const { read } = stage({ accounts: () => names.map((name) => ({ ...idleAccount, name })) });
  t.equal((await read()).value(`${P}in_flight_attempts`, { account: 'brand-b' }), 0);
  names = ['default'];
  t.equal((await read()).value(`${P}in_flight_attempts`, { account: 'brand-b' }), undefined);
});

t.test('what cannot be read is left out and counted; the rest of the scrape is there', async (t) => {
  let isDown = true;
  const fail = () => {
    if (isDown) throw new Error('down');
  };
  const { read } = stage({
    unknownMessages: async () => {
      fail();
      return 4;
    },
    spoolBytes: () => {
      fail();
      return 10;
    },
  });
  const first = await read();
  t.equal(first.value(`${P}unknown_messages`), undefined);
  t.equal(first.value(`${P}spool_bytes`), undefined);
  t.equal(first.value(`${P}collect_errors_total`, { source: 'unknown' }), 1);
  t.equal(first.value(`${P}collect_errors_total`, { source: 'spool' }), 1);
  t.equal(first.value(`${P}collect_errors_total`, { source: 'backlog' }), 0);
  t.equal(first.value(`${P}backlog_messages`, { lane: 'bulk' }), 0);
  isDown = false;
  const second = await read();
  t.equal(second.value(`${P}unknown_messages`), 4);
  t.equal(second.value(`${P}collect_errors_total`, { source: 'unknown' }), 1);
  isDown = true;
  t.equal((await read()).value(`${P}unknown_messages`), undefined, 'no value of earlier');
});

t.test('a store that hangs costs a scrape two seconds, and those who scrape meanwhile share it', async (t) => {
  let asked = 0;
  const { metrics, clock } = stage({
    backlog: () => {
      asked++;
      return new Promise(() => {});
    },
  });
  const scrapes = [metrics.scrape(), metrics.scrape()];
  await clock.advance(2_000);
  const bodies = (await Promise.all(scrapes)).map(({ body }) => body);
  t.equal(asked, 1);
  t.match(bodies[0], /^commbox_gateway_unknown_messages 0$/m);
  t.notMatch(bodies[0], /^commbox_gateway_backlog_messages\{/m);
  t.equal(bodies[0], bodies[1]);
  t.equal(clock.pending, 0);
});

t.test('the process is told of, the event loop included', async (t) => {
  const { read } = stage();
  await read();
  const { value, types } = await read();
  t.equal(types.get('process_cpu_seconds_total'), 'counter');
  t.ok((value('process_resident_memory_bytes') ?? 0) > 10_000_000);
  t.ok((value('process_open_fds') ?? 0) > 0);
  t.type(value('nodejs_eventloop_lag_p99_seconds'), 'number');
  t.equal(value(`${P}build_info`, { version: '1.2.3', node_version: process.version }), 1);
});

t.test('names and types keep Prometheus’ rules', async (t) => {
  const { types } = await stage().read();
  const own = [...types].filter(([name]) => name.startsWith(P));
  t.ok(own.length > 20);
  for (const [name, type] of own) {
    t.equal(name.endsWith('_total'), type === 'counter', name);
    t.notMatch(name, /_(ms|millis\w*|minutes|hours|days|kb|mb|kib|mib|percent)(_|$)/, 'base units');
    if (type === 'histogram') t.match(name, /_seconds$/);
  }
});
