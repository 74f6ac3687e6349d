import t from 'tap';
import type { Dispatcher } from '../../src/delivery/dispatcher.ts';
import { createPacingDesk } from '../../src/delivery/pacing-desk.ts';
import { createPacer } from '../../src/pacing/pacer.ts';
import { createStops } from '../../src/pacing/stops.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { createFakeStore } from './fake-store.ts';

t.test('what is stored and what callers wait for is one backlog, as old as what is due in it', async (t) => {
  const clock = createManualClock();
  const now = clock.now();
  const flow = {
    account: 'default',
    lane: 'normal',
    caller: 'shop',
    queued: 3,
    due: 1,
    firstDueAt: now - 5_000,
  } as const;
  const stored = [
    flow,
    { ...flow, caller: 'news', queued: 4, firstDueAt: now - 9_000 },
    { ...flow, lane: 'bulk', firstDueAt: now + 1 } as const,
    { ...flow, account: 'brand-b', queued: 7 },
  ];
  const dispatcher: Partial<Dispatcher> = { waiting: () => [{ flow: { lane: 'normal', caller: 'shop' }, waiting: 2 }] };
  const pacer = createPacer({ random: () => 1, concurrency: 4, knownRate: null });
  const account = { pacer, dispatcher: dispatcher as Dispatcher, credentials: { state: () => 'ok' as const } };
  const store = createFakeStore({ backlog: async () => stored });
  const desk = createPacingDesk({ accounts: new Map([['default', account]]), store, stops: createStops(), clock });

  const [seen] = await desk.view();
  const callers = [
    { caller: 'shop', queued: 5 },
    { caller: 'news', queued: 4 },
  ];
  t.strictSame(seen?.backlog, [
    { lane: 'critical', queued: 0, oldestAt: null, callers: [] },
    { lane: 'normal', queued: 9, oldestAt: now - 9_000, callers },
    { lane: 'bulk', queued: 3, oldestAt: null, callers: [{ caller: 'shop', queued: 3 }] },
  ]);
});
