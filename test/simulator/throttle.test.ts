import t from 'tap';
import { formatRetryAfter } from '../../src/simulator/throttle.ts';
import { createManualClock, send, start, statuses, text } from './support.ts';

t.test('a token bucket grants its burst, then its rate', async (t) => {
  const clock = createManualClock();
  const simulator = await start(t, { clock, throttles: [{ model: 'tokenBucket', rate: 2, burst: 3 }] });
  t.same(await statuses(simulator, 4), [200, 200, 200, 429]);
  clock.advance(499);
  t.same(await statuses(simulator, 1), [429]);
  clock.advance(1);
  t.same(await statuses(simulator, 2), [200, 429]);
  clock.advance(60_000);
  t.same(await statuses(simulator, 4), [200, 200, 200, 429], 'no more than the burst is saved up');
  t.match(simulator.counts(), { recorded: 7, throttled: 4, failed: 0 });
});

t.test('a fixed window opens afresh as a whole', async (t) => {
  const clock = createManualClock();
  const simulator = await start(t, { clock, throttles: [{ model: 'fixedWindow', limit: 2, windowMs: 1000 }] });
  t.same(await statuses(simulator, 1), [200]);
  clock.advance(900);
  t.same(await statuses(simulator, 2), [200, 429]);
  clock.advance(100);
  t.same(await statuses(simulator, 3), [200, 200, 429]);
});

t.test('a sliding window frees one call as each old one leaves it', async (t) => {
  const clock = createManualClock();
  const simulator = await start(t, { clock, throttles: [{ model: 'slidingWindow', limit: 2, windowMs: 1000 }] });
  t.same(await statuses(simulator, 1), [200]);
  clock.advance(900);
  t.same(await statuses(simulator, 2), [200, 429]);
  clock.advance(100);
  t.same(await statuses(simulator, 2), [200, 429]);
});

t.test('a concurrency limit refuses what would run beside too many', async (t) => {
  const clock = createManualClock();
  const throttles = [{ model: 'concurrency', limit: 1 } as const];
  const simulator = await start(t, { clock, throttles, next: [{ delayMs: 1000 }] });
  const slow = send(simulator, text);
  await simulator.waitFor(1);
  t.same(await statuses(simulator, 1), [429]);
  clock.advance(1000);
  t.equal((await slow).status, 200);
  t.same(await statuses(simulator, 2), [200, 200]);
});

t.test('a caller that leaves frees its place', async (t) => {
  const throttles = [{ model: 'concurrency', limit: 1 } as const];
  const simulator = await start(t, { throttles, next: [{ hang: true }] });
  const leaving = new AbortController();
  const hanging = send(simulator, text, '532', { signal: leaving.signal });
  await simulator.waitFor(1);
  leaving.abort();
  await t.rejects(hanging);
  // Only the server's own view of the closed socket frees the place, so ask until it has seen it.
  let status = 429;
  while (status === 429) status = (await send(simulator, text)).status;
  t.equal(status, 200);
});

t.test('a quota holds for the whole account or for each stream', async (t) => {
  const clock = createManualClock();
  const one = { model: 'fixedWindow', limit: 1, windowMs: 1000 } as const;
  const account = await start(t, { clock, throttles: [one] });
  t.same([...(await statuses(account, 1, '1')), ...(await statuses(account, 1, '2'))], [200, 429]);
  const perStream = await start(t, { clock, throttles: [{ ...one, scope: 'stream' }] });
  t.same([...(await statuses(perStream, 2, '1')), ...(await statuses(perStream, 2, '2'))], [200, 429, 200, 429]);
});

t.test('a call refused by one quota costs nothing of another', async (t) => {
  const clock = createManualClock();
  const simulator = await start(t, {
    clock,
    throttles: [
      { model: 'fixedWindow', limit: 2, windowMs: 60_000 },
      { model: 'fixedWindow', limit: 1, windowMs: 1000, scope: 'stream' },
    ],
  });
  t.same(await statuses(simulator, 2, '1'), [200, 429]);
  t.same(await statuses(simulator, 1, '2'), [200]);
});

t.test('Retry-After comes in each form, and its date fits the Date header', async (t) => {
  const clock = createManualClock(Date.UTC(2030, 0, 1));
  const simulator = await start(t, { clock });
  const retryAfter = async (style: 'none' | 'seconds' | 'date' | number) => {
    simulator.control({ throttles: [{ model: 'fixedWindow', limit: 1, windowMs: 2500, retryAfter: style }] });
    await send(simulator, text);
    const { headers } = await send(simulator, text);
    return { value: headers.get('retry-after'), date: headers.get('date') };
  };
  t.equal((await retryAfter('none')).value, null);
  t.equal((await retryAfter('seconds')).value, '3');
  t.equal((await retryAfter(9999)).value, '9999');
  t.same(await retryAfter('date'), { value: 'Tue, 01 Jan 2030 00:00:03 GMT', date: 'Tue, 01 Jan 2030 00:00:00 GMT' });
  t.equal(formatRetryAfter(-1, 500, 0), '-1');
});

t.test('calls made while throttled prolong the throttle by the penalty', async (t) => {
  const clock = createManualClock();
  const throttles = [
    { model: 'fixedWindow', limit: 1, windowMs: 1000, penaltyMs: 500, retryAfter: 'seconds' } as const,
  ];
  const simulator = await start(t, { clock, throttles });
  t.same(await statuses(simulator, 2), [200, 429]);
  const { headers } = await send(simulator, text);
  t.equal(headers.get('retry-after'), '2', 'the rest of the window and two penalties');
  clock.advance(1999);
  t.same(await statuses(simulator, 1), [429]);
  clock.advance(500);
  t.same(await statuses(simulator, 1), [429], 'that call prolonged it again');
  clock.advance(501);
  t.same(await statuses(simulator, 1), [200]);
});
