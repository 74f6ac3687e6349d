import t from 'tap';
import type { ControlPatch } from '../../src/simulator/control.ts';
import { call, send, start, statuses, text } from './support.ts';

t.test('behaviour is changed, shown and reset over HTTP', async (t) => {
  const simulator = await start(t, { keys: ['test-key'], latency: { ms: 1, jitterMs: 1 } });
  const control = async (method: string, body?: unknown, path = '/_control') => {
    const answer = await call(simulator, path, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
    return { status: answer.status, ...JSON.parse(answer.text) };
  };
  const changed = await control('POST', { next: [{ status: 500 }, { status: 429 }], latency: { ms: 0 } });
  t.match(changed, { status: 200, next: [{ status: 500 }, { status: 429 }], latency: { ms: 0, jitterMs: 1 } });
  t.equal((await send(simulator, text)).status, 500);
  await control('POST', { latency: { jitterMs: 0 } });
  t.match(await control('GET'), { next: [{ status: 429 }], latency: { ms: 0, jitterMs: 0 } }, 'the rest stays');
  t.match(await control('DELETE'), { next: [], latency: { ms: 1, jitterMs: 1 } });
  await control('POST', { errorRate: 1 });
  t.match(await control('POST', undefined, '/_reset'), { errorRate: 0 });
  t.same(await statuses(simulator, 1), [200]);
});

t.test('keys are not shown', async (t) => {
  const simulator = await start(t, { keys: ['test-key'] });
  const { text: shown } = await call(simulator, '/_control');
  t.notMatch(shown, 'test-key');
  t.match(JSON.parse(shown).keys, [/^sha256:/]);
});

t.test('a wrong setting is refused by name and changes nothing', async (t) => {
  const simulator = await start(t);
  const cases: [body: unknown, place: RegExp][] = [
    [{ errorRate: 2 }, /\/errorRate/],
    [{ unknown: 1, errorRate: 0.5 }, /\/unknown/],
    [{ throttles: [{ model: 'leakyBucket' }] }, /\/throttles\/0/],
    [{ next: [{ statsu: 500 }] }, /\/next\/0\/statsu/],
    [{ next: [{ headers: { 'X-A': 'line\nbreak' } }] }, /\/next\/0\/headers/],
    [[], /must be object/],
  ];
  for (const [body, place] of cases) {
    const answer = await call(simulator, '/_control', { method: 'POST', body: JSON.stringify(body) });
    t.equal(answer.status, 400);
    t.match(answer.text, place);
  }
  t.equal((await call(simulator, '/_control', { method: 'POST', body: '{' })).status, 400);
  t.equal((await send(simulator, text)).status, 200);
  t.throws(() => simulator.control({ errorRate: -1 }), /errorRate/);
  await t.rejects(start(t, { errorRat: 1 } as ControlPatch), /errorRat/);
});

t.test('setting a quota starts it afresh, other changes leave it as it is', async (t) => {
  const throttles = [{ model: 'fixedWindow', limit: 1, windowMs: 1_000_000 } as const];
  const simulator = await start(t, { throttles });
  t.same(await statuses(simulator, 2), [200, 429]);
  simulator.control({ errorRate: 0 });
  t.same(await statuses(simulator, 1), [429]);
  simulator.control({ throttles });
  t.same(await statuses(simulator, 2), [200, 429]);
  simulator.reset();
  t.same(await statuses(simulator, 2), [200, 429]);
});
