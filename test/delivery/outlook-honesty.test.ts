import t from 'tap';
import { createOutlook } from '../../src/delivery/outlook.ts';
import type { Pacer } from '../../src/pacing/pacer.ts';
import { createScheduler, type FlowKey } from '../../src/pacing/scheduler.ts';
import { createThroughput } from '../../src/pacing/throughput.ts';
import { createRandom } from '../../src/simulator/random.ts';

const PER_SECOND = 30;
const MINUTE_MS = 60_000;
const TICK_MS = 50;
const LONG_WAIT_MS = 5_000;
const SEEDS = [1, 2, 3, 4, 5];
const callers = ['a', 'b', 'c', 'd'];

/** What goes in this second, while somebody waits. */
type Pace = (second: number) => number;
type Lanes = (draw: number) => FlowKey['lane'];

const oneLane: Lanes = () => 'normal';
const mixedLanes: Lanes = (draw) => (draw < 0.05 ? 'critical' : draw < 0.2 ? 'normal' : 'bulk');

const steady: Pace = () => 20;
/** A rate that was taken for far too low at first, and then comes in bursts with pauses in between. */
const foundLate: Pace = (second) => (second < 10 ? 6 : [0, 36, 24][second % 3]) ?? 0;
/** A window that is refused now and then. */
const refused: Pace = (second) => (second % 7 === 6 ? 4 : 18);

/** The messages of a minute, half as many again as go meanwhile: what each waited, and how far off it was told. */
function waits(lanes: Lanes, pace: Pace, seed: number, arrivalMs: number) {
  const messages = (PER_SECOND * arrivalMs) / 1_000;
  const random = createRandom(seed);
  const begin = Date.UTC(2026, 0, 1);
  let now = begin;
  const policy = () => ({ weight: 1, criticalShare: 0.5 });
  const isStopped = () => false;
  const scheduler = createScheduler({ policy, isStopped });
  const throughput = createThroughput();
  const pacer: Pick<Pacer, 'throughput' | 'bestThroughput' | 'opensAt' | 'cause'> = {
    // Before it can be measured it is what is allowed.
    bestThroughput: () => null,
    throughput: () => throughput.perSecond(now) ?? pace(Math.floor((now - begin) / 1_000)),
    opensAt: () => now,
    cause: () => null,
  };
  const waiting = () => [];
  const outlook = createOutlook({
    clock: { now: () => now },
    pacer: pacer as Pacer,
    policy,
    isHeld: isStopped,
    isStopped,
    waiting,
  });
  const arrivals = Array.from({ length: messages }, () => {
    const flow = { caller: callers[Math.floor(random() * callers.length)] ?? '', lane: lanes(random()) };
    return { flow, at: begin + random() * arrivalMs, toldMs: 0 };
  }).sort((one, other) => one.at - other.at);
  const queues = new Map<string, typeof arrivals>();
  const queueOf = ({ lane, caller }: FlowKey) => {
    const name = `${lane} ${caller}`;
    return queues.get(name) ?? queues.set(name, []).get(name) ?? [];
  };
  const results: { readonly waitedMs: number; readonly error: number }[] = [];

  let started = 0;
  const accept = (arrival: (typeof arrivals)[number]) => {
    const { flow } = arrival;
    const own = outlook.accepted({ ...flow, readyAt: now });
    queueOf(flow).push(arrival);
    scheduler.activate(flow);
    arrival.at = now;
    arrival.toldMs = outlook.prospect(flow, own, now).startsAt - now;
  };
  const startNext = () => {
    const flow = scheduler.next();
    const message = flow === null ? undefined : queueOf(flow).shift();
    if (flow === null || message === undefined) return;
    outlook.left(flow, 1);
    throughput.granted(1, now);
    if (queueOf(flow).length === 0) scheduler.deactivate(flow);
    started++;
    const waitedMs = now - message.at;
    if (message.at < begin + MINUTE_MS)
      results.push({ waitedMs, error: Math.abs(message.toldMs - waitedMs) / waitedMs });
  };

  for (let turns = 0; started < messages; now += TICK_MS) {
    while ((arrivals[0]?.at ?? Number.POSITIVE_INFINITY) <= now) accept(arrivals.shift() as (typeof arrivals)[number]);
    turns += (pace(Math.floor((now - begin) / 1_000)) * TICK_MS) / 1_000;
    for (; turns >= 1 && scheduler.size > 0; turns--) startNext();
    if (scheduler.size > 0) throughput.waited(now);
    else turns = Math.min(turns, 1);
  }
  return results.filter(({ waitedMs }) => waitedMs > LONG_WAIT_MS);
}

function medianError(lanes: Lanes, pace: Pace, arrivalMs = MINUTE_MS): number {
  const errors = SEEDS.flatMap((seed) => waits(lanes, pace, seed, arrivalMs).map(({ error }) => error)).sort(
    (one, other) => one - other,
  );
  return errors[errors.length >> 1] ?? Number.NaN;
}

const paces = {
  'a steady pace': steady,
  'a pace that was found late': foundLate,
  'one that is refused now and then': refused,
};
for (const [name, pace] of Object.entries(paces)) {
  t.test(`${name}: half of all long waits are told to within a fifth`, async (t) => {
    const [one, mixed] = [medianError(oneLane, pace), medianError(mixedLanes, pace)];
    t.ok(one <= 0.2, `one lane: ${one}`);
    t.ok(mixed <= 0.2, `while others go first: ${mixed}`);
    const goingOn = medianError(mixedLanes, pace, 3 * MINUTE_MS);
    t.ok(goingOn <= 0.15, `if they keep coming: ${goingOn}`);
  });
}
