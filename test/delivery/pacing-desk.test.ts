import t from 'tap';
import type { Dispatcher } from '../../src/delivery/dispatcher.ts';
import { createPacingDesk } from '../../src/delivery/pacing-desk.ts';
import { createPacer } from '../../src/pacing/pacer.ts';
import { createStops } from '../../src/pacing/stops.ts';
import { StorageUnavailable } from '../../src/store/errors.ts';
import type { Pause } from '../../src/store/flows.ts';
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

t.test('a stop that the store has taken holds at once, even if the store cannot be asked any more', async (t) => {
  const clock = createManualClock();
  const stops = createStops();
  let stored: readonly Pause[] = [];
  let isDown = false;
  const store = createFakeStore({
    async setPause(pause, isPaused) {
      stored = isPaused ? [pause] : [];
      return true;
    },
    async pauses() {
      if (isDown) throw new StorageUnavailable('down');
      return stored;
    },
  });
  let woken = 0;
  const dispatcher: Partial<Dispatcher> = { wake: () => void woken++ };
  const pacer = createPacer({ random: () => 1, concurrency: 4, knownRate: null });
  const account = { pacer, dispatcher: dispatcher as Dispatcher, credentials: { state: () => 'ok' as const } };
  const desk = createPacingDesk({ accounts: new Map([['default', account]]), store, stops, clock });

  isDown = true;
  const stop = { account: 'default', lane: 'bulk', caller: null } as const;
  t.equal(await desk.set(stop, true), true);
  t.equal(stops.isStopped('default', 'bulk', 'shop'), true);
  t.equal(await desk.set(stop, false), true);
  t.equal(stops.isStopped('default', 'bulk', 'shop'), false);

  // Another process sets it, and its word gets lost: what is asked for each second tells.
  isDown = false;
  stored = [{ ...stop, since: clock.now() }];
  const before = woken;
  await desk.refresh();
  t.equal(stops.isStopped('default', 'bulk', 'shop'), true);
  await desk.refresh();
  t.equal(woken, before + 1, 'what is no news wakes nobody');
});
