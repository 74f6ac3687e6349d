import t from 'tap';
import { lanes } from '../../src/channels/channel.ts';
import { aheadOf, type FlowQueue } from '../../src/pacing/estimate.ts';
import type { FlowPolicy } from '../../src/pacing/scheduler.ts';
import { createRig, flowOf, nameOf } from './scheduler-rig.ts';

const queue = (name: string, queued: number): FlowQueue => ({ ...flowOf(name), queued });
const policies = (all: Record<string, Partial<FlowPolicy>>) => (caller: string) => ({
  weight: 1,
  criticalShare: 0.5,
  ...all[caller],
});

/** The position of the last message that waits in `flow`. */
function positionOf(flow: string, waiting: Record<string, number>, all: Record<string, Partial<FlowPolicy>> = {}) {
  const flows = Object.entries(waiting).map(([name, queued]) => queue(name, queued));
  const own = (waiting[flow] ?? 1) - 1;
  return aheadOf({ flows, flow: flowOf(flow), own, policy: policies(all) });
}

t.test('alone, a message waits for those of its own flow', async (t) => {
  t.equal(positionOf('normal a', {}), 0);
  t.equal(positionOf('normal a', { 'normal a': 1 }), 0);
  t.equal(positionOf('bulk a', { 'bulk a': 501 }), 500);
  t.equal(positionOf('critical a', { 'critical a': 501 }), 500);
});

t.test('nobody waits behind the backlog of another caller', async (t) => {
  t.equal(positionOf('normal a', { 'normal a': 1, 'normal b': 1_000_000 }), 0);
  t.equal(positionOf('normal a', { 'normal a': 101, 'normal b': 1_000_000 }), 200);
  t.equal(positionOf('normal a', { 'normal a': 101, 'normal b': 1_000_000 }, { a: { weight: 4 } }), 125);
  t.equal(positionOf('normal a', { 'normal a': 101, 'normal b': 30, 'normal c': 500 }), 230);
});

t.test('a critical message passes the others; a bulk one waits for them, but for its floor', async (t) => {
  t.equal(positionOf('critical a', { 'critical a': 1, 'normal b': 5_000, 'bulk c': 50_000 }), 0);
  t.equal(positionOf('bulk a', { 'bulk a': 1, 'normal b': 10 }), 10);
  t.equal(positionOf('bulk a', { 'bulk a': 101, 'normal b': 700 }), 800);
  t.equal(positionOf('bulk a', { 'bulk a': 11, 'normal b': 5_000 }), 11 * 19 - 1);
});

/** Random numbers that are the same in every run. */
function mulberry32(start: number) {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Fills an account with random backlogs, lets it send for a while, then hands some messages of a random flow in and
 * asks for the place of one of them. Returns what the estimate said and what the scheduler did.
 */
function trial(random: () => number, callerCount: number): { readonly estimate: number; readonly actual: number } {
  const callers = Array.from({ length: callerCount }, (_, n) => `c${n}`);
  const upTo = (octaves: number) => Math.ceil(2 ** (random() * octaves));
  const all: Record<string, Partial<FlowPolicy>> = {};
  for (const caller of callers) {
    const criticalShare = random() < 0.5 ? 0.5 : 0.05 + 0.95 * random();
    all[caller] = { weight: 0.25 * 2 ** (random() * 5), criticalShare };
  }
  const rig = createRig([], all);
  const waiting = new Map<string, number>();
  const arrive = (name: string, count: number) => {
    waiting.set(name, (waiting.get(name) ?? 0) + count);
    rig.activate(name);
  };
  const send = () => {
    const name = rig.next() ?? '';
    const left = (waiting.get(name) ?? 0) - 1;
    waiting.set(name, left);
    if (left === 0) rig.deactivate(name);
    return name;
  };
  for (const caller of callers) for (const lane of lanes) if (random() < 0.5) arrive(`${lane} ${caller}`, upTo(11));
  for (let n = Math.floor(random() * 50 * callerCount); n > 0 && rig.scheduler.size > 0; n--) send();

  const flow = { lane: lanes[Math.floor(random() * 3)] ?? 'bulk', caller: `c${Math.floor(random() * callerCount)}` };
  const name = nameOf(flow);
  const more = upTo(9);
  const own = (waiting.get(name) ?? 0) + Math.floor(random() * more);
  arrive(name, more);

  const flows = [...waiting].map(([each, queued]) => queue(each, queued));
  const estimate = aheadOf({ flows, flow, own, policy: rig.policyOf });
  let actual = 0;
  for (let mine = own; ; actual++) if (send() === name && mine-- === 0) return { estimate, actual };
}

/** Relative errors of estimates of more than 50, sorted. */
function errorsOf(seed: number, trials: number, callersUpTo: number): (share: number) => number {
  const random = mulberry32(seed);
  const errors: number[] = [];
  for (let n = 0; n < trials; n++) {
    const { estimate, actual } = trial(random, 1 + Math.floor(random() * callersUpTo));
    if (actual > 50) errors.push(Math.abs(estimate - actual) / actual);
  }
  errors.sort((a, b) => a - b);
  return (share) => errors[Math.floor(share * (errors.length - 1))] ?? Number.NaN;
}

t.test('it says what the scheduler then does, over random backlogs, weights, lanes and caps', async (t) => {
  const error = errorsOf(1, 600, 10);
  t.ok(error(0.5) < 0.02, `median ${error(0.5)}`);
  t.ok(error(0.95) < 0.2, `95 % below ${error(0.95)}`);
});

t.test('so it does where flows are so many that they are counted in groups', async (t) => {
  const error = errorsOf(2, 60, 120);
  t.ok(error(0.5) < 0.05, `median ${error(0.5)}`);
  t.ok(error(0.95) < 0.2, `95 % below ${error(0.95)}`);
});
