import t from 'tap';
import { createDivider } from '../../src/pacing/division.ts';
import type { Division, Report } from '../../src/pacing/pacing-report.ts';
import type { PacerMemory } from '../../src/pacing/role.ts';
import { initialBelief } from '../../src/pacing/throttle-belief.ts';

const silent: Report = {
  isLeaving: false,
  granted: 0,
  wants: 0,
  isPaced: false,
  refusals: 0,
  refusal: null,
  reopenings: 0,
  reopened: null,
};
const { cost: costOfRefusal, ...belief } = initialBelief(20);

/** An account that is divided every 250 ms, as the leader `a` does; its processes obey and use all that they have. */
function openAccount(options: { readonly limit: number; readonly shape?: 'bucket' | 'window' }) {
  const divider = createDivider();
  const { limit, shape = 'bucket' } = options;
  const learned = { ...belief, costOfRefusal, rate: 20, refusedRate: null, shape, windowS: 1 };
  const circuit = { isClosed: false } as PacerMemory['circuit'];
  const inFlight = new Map<string, number>();
  let now = 1_000_000;
  let before: Division | null = null;
  let bound = 0;
  return {
    divide(wants: Readonly<Record<string, number>>, isPaced = true): Division {
      bound += isPaced ? 0 : 1;
      const reports = Object.entries(wants).map(([name, messages]): [string, Report] => {
        const holds = Math.max(inFlight.get(name) ?? 0, before?.places?.[name] ?? 0);
        return [name, { ...silent, wants: messages, isPaced, bound, holds }];
      });
      now += 250;
      before = divider.divide({
        reports: new Map(reports),
        memory: { learned, inFlightLimit: limit, circuit },
        concurrency: 32,
        before,
        self: 'a',
        inFlight: inFlight.get('a') ?? 0,
        now,
      });
      return before;
    },
    /** The calls of a process that have not ended, whatever it has places for. */
    fly(name: string, calls: number) {
      inFlight.set(name, calls);
    },
  };
}

const sumOf = (parts: Readonly<Record<string, number>> = {}) =>
  Object.values(parts).reduce((sum, part) => sum + part, 0);

t.test('places are whole numbers, and all together never more than the limit', async (t) => {
  const account = openAccount({ limit: 4 });
  for (let n = 0; n < 200; n++) {
    const { places } = account.divide({ a: 180 - n / 2, b: 20 + n, c: n % 7 }, false);
    t.ok(sumOf(places) <= 4, `${JSON.stringify(places)}`);
    t.ok(Object.values(places ?? {}).every((own) => Number.isInteger(own) && own >= 0));
  }
});

t.test('whose part is less than half a place has one for that part of the time, and does not wait long', async (t) => {
  const account = openAccount({ limit: 4 });
  let had = 0;
  let without = 0;
  let longest = 0;
  for (let n = 0; n < 400; n++) {
    const own = account.divide({ a: 180, b: 20 }, false).places?.['b'] ?? 0;
    had += own;
    without = own > 0 ? 0 : without + 1;
    longest = Math.max(longest, without);
  }
  t.ok(had / 400 > 0.4 && had / 400 < 0.52, `${had / 400} places on average`);
  t.ok(longest * 250 <= 4_000, `${longest * 250} ms without`);
});

t.test('while calls wait for the rate and not for places, who wants something keeps one', async (t) => {
  const account = openAccount({ limit: 4 });
  account.divide({ a: 180, b: 20 });
  for (let n = 0; n < 100; n++) t.equal(account.divide({ a: 180, b: 20 }).places?.['b'], 1);
});

t.test('a place is another’s only when the call that takes it has ended', async (t) => {
  const account = openAccount({ limit: 4 });
  account.divide({ a: 0, b: 100 });
  account.divide({ a: 0, b: 100 });
  account.fly('b', 4);
  for (let n = 0; n < 20; n++) {
    const { places } = account.divide({ a: 100, b: 100 });
    t.strictSame(places, { a: 0, b: 2 }, 'taken away at once, but still in use');
  }
  account.fly('b', 2);
  t.strictSame(account.divide({ a: 100, b: 100 }).places, { a: 2, b: 2 });
});

t.test('where places are left, who wants nothing has one and can start without asking', async (t) => {
  const account = openAccount({ limit: 4 });
  account.divide({ a: 2, b: 0 });
  t.ok((account.divide({ a: 2, b: 0 }).places?.['b'] ?? 0) >= 1);
  account.divide({ a: 100, b: 0 });
  t.strictSame(account.divide({ a: 100, b: 0 }).places, { a: 4, b: 0 });
});

t.test('each has a whole number of the calls of a window', async (t) => {
  const account = openAccount({ limit: 8, shape: 'window' });
  for (let n = 0; n < 10; n++) account.divide({ a: 200, b: 26, c: 14 });
  const { shares } = account.divide({ a: 200, b: 26, c: 14 });
  for (const share of Object.values(shares)) t.ok(Math.abs(share * 20 - Math.round(share * 20)) < 0.001, `${share}`);
  t.ok(Math.abs(sumOf(shares) - 1) < 0.001);
});

t.test('what one gains of a full window is its own a window after the other gave it up', async (t) => {
  const account = openAccount({ limit: 8, shape: 'window' });
  for (let n = 0; n < 10; n++) account.divide({ a: 150, b: 50 });
  t.match(account.divide({ a: 150, b: 50 }).shares, { a: 0.75, b: 0.25 });
  const after: number[] = [];
  for (let n = 0; n < 8; n++) {
    const { shares } = account.divide({ a: 100, b: 100 });
    t.equal(shares['a'], 0.5);
    after.push(shares['b'] ?? 0);
  }
  t.strictSame(after.slice(0, 4), [0.25, 0.25, 0.25, 0.25]);
  t.equal(after.at(-1), 0.5);
});

t.test('the parts of a window do not change with every message that waits', async (t) => {
  const account = openAccount({ limit: 8, shape: 'window' });
  for (let n = 0; n < 10; n++) account.divide({ a: 150, b: 50 });
  for (let n = 0; n < 20; n++)
    t.match(account.divide({ a: 150 - 5 * (n % 2), b: 50 + 5 * (n % 2) }).shares, { a: 0.75 });
});

t.test('a process of an older version, which says less, takes part', async (t) => {
  const divider = createDivider();
  const learned = { ...belief, costOfRefusal, rate: 20, refusedRate: null };
  const reports = new Map(['a', 'b'].map((name) => [name, { ...silent, wants: 50 }]));
  const memory = { learned, inFlightLimit: 4, circuit: { isClosed: false } as PacerMemory['circuit'] };
  const before = { shares: { a: 0.5, b: 0.5 } };
  const { places } = divider.divide({ reports, memory, concurrency: 32, before, self: 'a', inFlight: 0, now: 1 });
  t.strictSame(places, { a: 2, b: 2 });
});

t.test('while nothing was ever refused, it is the configured limit that is divided', async (t) => {
  const learned = { ...belief, costOfRefusal, rate: null, refusedRate: null };
  const memory = { learned, inFlightLimit: 4, circuit: { isClosed: false } as PacerMemory['circuit'] };
  const placesOf = (concurrency: number, wants: Readonly<Record<string, number>>) => {
    const reports = new Map(Object.entries(wants).map(([name, messages]) => [name, { ...silent, wants: messages }]));
    const facts = { reports, memory, concurrency, before: null, self: 'a', inFlight: 0, now: 1 };
    return createDivider().divide(facts).places;
  };
  t.strictSame(placesOf(32, { a: 5, b: 5 }), { a: 16, b: 16 });
  t.strictSame(placesOf(32, { a: 500, b: 0 }), { a: 24, b: 8 }, 'half of it evenly: the load may come anywhere');
  t.strictSame(placesOf(2, { a: 500, b: 0 }), { a: 1, b: 1 });
  t.strictSame(placesOf(1, { a: 0, b: 9, c: 0 }), { a: 0, b: 1, c: 0 }, 'fewer than processes go to those that want');
  t.equal(placesOf(8, { a: 5 }), undefined, 'one that is alone has them all');
});
