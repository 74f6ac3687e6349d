import t from 'tap';
import type { PacerState } from '../../src/pacing/pacer-state.ts';
import { createReadings, type ReadingsOptions } from '../../src/readings.ts';
import { createManualClock } from '../support/manual-clock.ts';

const open: PacerState = {
  state: 'open',
  cause: null,
  pausedUntil: null,
  closedAt: null,
  alarm: null,
  rate: null,
  share: 1,
  burst: null,
  inFlight: 0,
  inFlightLimit: 32,
  places: 32,
};

const clock = createManualClock();

const jwt = (seconds: number) => `x.${Buffer.from(JSON.stringify({ exp: seconds })).toString('base64url')}.x`;

type Given = ReturnType<ReadingsOptions['accounts']> extends Iterable<infer A> ? A : never;

function read(pacer: Partial<PacerState>, more: Partial<Given> = {}, options: Partial<ReadingsOptions> = {}) {
  const account = {
    name: 'default',
    pacer: { state: () => ({ ...open, ...pacer }) },
    credentials: { state: () => 'ok' as const },
    dispatcher: { waiting: () => [] },
    config: () => ({ keys: () => ({ current: 'no JWT', next: null }) }),
    ...more,
  };
  return createReadings({
    accounts: () => [account],
    stops: () => [],
    store: { backlog: async () => [], unknownCount: async () => 0 },
    spool: { bytes: () => 0 },
    clock,
    ...options,
  });
}

const pacing = (...args: Parameters<typeof read>) => read(...args).accounts()[0]?.pacing;

t.test('what holds an account has one name, the gravest', async (t) => {
  t.equal(pacing({}), 'free');
  t.equal(pacing({ rate: 5 }), 'paced');
  t.equal(pacing({ state: 'paused', cause: 'quota', rate: 5 }), 'throttled');
  t.equal(pacing({ state: 'probing', cause: 'quota' }), 'throttled');
  t.equal(pacing({ state: 'exhausted', cause: 'quota' }), 'exhausted');
  t.equal(pacing({ state: 'probing', cause: 'connection' }), 'unreachable');
  t.equal(pacing({ state: 'paused', cause: 'quota' }, { credentials: { state: () => 'refused' } }), 'credentials');
  t.equal(pacing({}, { credentials: { state: () => 'checking' } }), 'free');
});

t.test('an operator’s stop of the whole account is its state, one of a part is only counted', async (t) => {
  const whole = { account: 'default', lane: null, caller: null, since: 0 };
  const stops = [
    { ...whole, lane: 'bulk' as const },
    { ...whole, account: 'other' },
  ];
  t.match(read({}, {}, { stops: () => stops }).accounts(), [{ pacing: 'free', stops: 1 }]);
  t.match(read({}, {}, { stops: () => [...stops, whole] }).accounts(), [{ pacing: 'stopped', stops: 2 }]);
});

t.test('rate and number in flight are the share of this process', async (t) => {
  const shared = read({ rate: 10, share: 0.25, inFlight: 3, inFlightLimit: 30, places: 8 });
  t.match(shared.accounts(), [{ rate: 2.5, inFlight: 3, concurrency: 8 }]);
});

t.test('keys are told by their end, those that say none as null', async (t) => {
  const keys = (current: string, next: string | null) => ({ config: () => ({ keys: () => ({ current, next }) }) });
  t.strictSame(read({}, keys('no JWT', null)).accounts()[0]?.keysExpireAt, { current: null });
  t.strictSame(read({}, keys(jwt(1_800_000_000), jwt(1_900_000_000))).accounts()[0]?.keysExpireAt, {
    current: 1_800_000_000_000,
    next: 1_900_000_000_000,
  });
});

t.test('what waits for its own time is in the backlog, and is not overdue', async (t) => {
  const now = clock.now();
  const flow = { account: 'default', lane: 'normal', caller: 'shop' } as const;
  const backlog = async () => [
    { ...flow, queued: 3, due: 1, firstDueAt: now },
    { ...flow, caller: 'news', queued: 2, due: 0, firstDueAt: now + 1 },
  ];
  t.match(await read({}, {}, { store: { backlog, unknownCount: async () => 0 } }).backlog(), [
    { messages: 3, oldestDueAt: now },
    { messages: 2, oldestDueAt: null },
  ]);
});
