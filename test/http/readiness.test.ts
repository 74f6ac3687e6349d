import t from 'tap';
import { addHealthRoutes } from '../../src/http/routes/health.ts';
import { createServer } from '../../src/http/server.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { createStoreProblems } from '../../src/storage.ts';
import { StorageUnavailable } from '../../src/store/errors.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { call } from './call.ts';

t.test('however many ask whether it is ready, the store is asked twice a second', async (t) => {
  const clock = createManualClock();
  const checks: PromiseWithResolvers<void>[] = [];
  const check = () => {
    const running = Promise.withResolvers<void>();
    checks.push(running);
    return running.promise;
  };
  const problems = createStoreProblems({ check }, clock);
  const app = createServer({ bodyLimit: 1024, trustProxy: [], clock: systemClock });
  let asked = 0;
  const allAsked = Promise.withResolvers<void>();
  addHealthRoutes(app, async () => {
    if (++asked === 50) allAsked.resolve();
    return { reasons: await problems(), warnings: [] };
  });
  const port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port);
  t.teardown(() => app.close());
  const ready = async () => (await call(port, { method: 'GET', path: '/readyz' })).status;

  const together = Promise.all(Array.from({ length: 50 }, ready));
  await allAsked.promise;
  await clock.advance(10_000);
  t.equal(checks.length, 1, 'while it runs, however long that takes');
  checks[0]?.resolve();
  t.strictSame(new Set(await together), new Set([200]));

  await clock.advance(499);
  t.equal(await ready(), 200);
  t.equal(checks.length, 1, 'and for a moment after');

  await clock.advance(1);
  const failing = ready();
  while (checks.length < 2) await new Promise(setImmediate);
  checks[1]?.reject(new StorageUnavailable('gone'));
  t.equal(await failing, 503);
  t.equal(await ready(), 503);

  await clock.advance(500);
  const again = ready();
  while (checks.length < 3) await new Promise(setImmediate);
  checks[2]?.resolve();
  t.equal(await again, 200, 'it recovers by itself');
});
