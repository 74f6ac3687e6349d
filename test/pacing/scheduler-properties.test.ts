import fc from 'fast-check';
import t from 'tap';
import { lanes } from '../../src/channels/channel.ts';
import { CRITICAL_BURST } from '../../src/pacing/scheduler-cap.ts';
import { createRig, nameOf, tally } from './scheduler-rig.ts';

const callers = Array.from({ length: 6 }, (_, n) => `c${n}`);
const caller = fc.constantFrom(...callers);
const flow = fc.tuple(fc.constantFrom(...lanes), caller).map(([lane, name]) => `${lane} ${name}`);
const weight = fc.oneof(fc.double({ min: 0.1, max: 10, noNaN: true }), fc.constantFrom(0.25, 0.5, 1, 2, 4));
const weights = fc.array(weight, { minLength: callers.length, maxLength: callers.length });
const share = fc.double({ min: 0.1, max: 1, noNaN: true });

const policiesOf = (all: readonly number[], criticalShare = 0.5) =>
  Object.fromEntries(callers.map((name, n) => [name, { weight: all[n] ?? 1, criticalShare }]));
const inLane = (lane: string, names: readonly string[] = callers) => names.map((name) => `${lane} ${name}`);

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('activate' as const), flow }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('deactivate' as const), flow }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('refund' as const), flow }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('stop' as const), flow }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('resume' as const), flow }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('change' as const), caller, weight, criticalShare: share }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('next' as const), slots: fc.integer({ min: 1, max: 40 }) }) },
);

t.test('a slot stays unused only if nobody may go, and goes only to one who may', async () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const rig = createRig();
      const active = new Set<string>();
      for (const action of steps) {
        if (action.do === 'activate') {
          rig.activate(action.flow);
          active.add(action.flow);
        } else if (action.do === 'deactivate') {
          rig.deactivate(action.flow);
          active.delete(action.flow);
        } else if (action.do === 'refund') rig.refund(action.flow);
        else if (action.do === 'stop') rig.stopped.add(action.flow);
        else if (action.do === 'resume') rig.stopped.delete(action.flow);
        else if (action.do === 'change') rig.policies[action.caller] = action;
        else {
          const mayGo = [...active].filter((name) => !rig.stopped.has(name));
          for (const got of rig.run(action.slots)) {
            if (mayGo.length === 0 ? got !== null : !mayGo.includes(got ?? '')) throw new Error(`${got} of ${mayGo}`);
          }
        }
        const known = [...rig.scheduler.flows()].map(nameOf).sort();
        if (known.join() !== [...active].sort().join() || rig.scheduler.size !== active.size) throw new Error('flows');
        if (steps.some((other) => 'flow' in other && rig.isActive(other.flow) !== active.has(other.flow))) {
          throw new Error('isActive');
        }
      }
    }),
  );
});

t.test('every lane that has something to send gets at least 5 % of any 1,000 slots', async () => {
  const some = fc.subarray(callers, { minLength: 1 });
  fc.assert(
    fc.property(weights, share, some, some, some, fc.nat(300), (all, criticalShare, first, second, third, before) => {
      const rig = createRig(inLane('critical', first), policiesOf(all, criticalShare));
      rig.run(before);
      for (const name of [...inLane('normal', second), ...inLane('bulk', third)]) rig.activate(name);
      const counts = tally(rig.run(1_000).map((name) => name?.split(' ')[0] ?? null));
      return lanes.every((lane) => (counts.get(lane) ?? 0) >= 50);
    }),
    { numRuns: 60 },
  );
});

/** Slots divided by weight of each flow over these slots; fails if two of them are further apart than a slot of each. */
function areFair(names: readonly string[], slots: readonly (string | null)[], all: readonly number[], slack = 1) {
  const weightOf = (name: string) => all[callers.indexOf(name.split(' ')[1] ?? '')] ?? 1;
  const service = new Map(names.map((name) => [name, 0]));
  for (const slot of slots) {
    if (slot === null || !service.has(slot)) continue;
    service.set(slot, (service.get(slot) ?? 0) + 1 / weightOf(slot));
    for (const [one, ofOne] of service) {
      const apart = Math.abs(ofOne - (service.get(slot) ?? 0));
      if (apart > slack * (1 / weightOf(one) + 1 / weightOf(slot)) + 1e-9) return false;
    }
  }
  return true;
}

t.test('within a saturated lane, shares follow the weights at every moment, at most a slot of each apart', async () => {
  fc.assert(
    fc.property(weights, fc.constantFrom('normal', 'bulk'), fc.boolean(), (all, lane, hasHigher) => {
      const rig = createRig([...inLane(lane), ...(hasHigher ? ['critical c0'] : [])], policiesOf(all));
      return areFair(inLane(lane), rig.run(1_500), all);
    }),
    { numRuns: 60 },
  );
});

t.test('critical callers below their caps share by weight, too', async () => {
  fc.assert(
    fc.property(weights, (all) =>
      areFair(inLane('critical'), createRig(inLane('critical'), policiesOf(all, 1)).run(800), all),
    ),
    { numRuns: 30 },
  );
});

t.test('who comes, comes back or may go again gets neither a burst nor a penalty of more than a slot', async () => {
  const how = fc.constantFrom('new', 'idle', 'stopped', 'refunded');
  fc.assert(
    fc.property(weights, how, fc.nat(200), fc.integer({ min: 100, max: 400 }), (all, state, before, meanwhile) => {
      const names = inLane('normal');
      const [late = '', ...others] = names;
      const rig = createRig(state === 'new' ? others : names, policiesOf(all));
      rig.run(before);
      if (state === 'idle') rig.deactivate(late);
      if (state === 'stopped') rig.stopped.add(late);
      if (state === 'refunded') {
        for (const name of rig.run(32)) if (name === late) rig.refund(late);
        rig.deactivate(late);
      }
      rig.run(meanwhile);
      rig.stopped.clear();
      rig.activate(late);
      return areFair(names, rig.run(400), all);
    }),
    { numRuns: 80 },
  );
});

t.test('one that comes right after another gave its slots back gets no burst either', async () => {
  fc.assert(
    fc.property(weights, fc.integer({ min: 5, max: 32 }), (all, planned) => {
      const [late = '', empty = '', ...others] = inLane('normal');
      const rig = createRig([empty, ...others], policiesOf(all));
      rig.run(100);
      for (const name of rig.run(planned)) if (name === empty) rig.refund(empty);
      rig.deactivate(empty);
      rig.activate(late);
      return areFair([late, ...others], rig.run(300), all);
    }),
    { numRuns: 60 },
  );
});

t.test('slots that are given back leave no trace: plans of which little is used share like single slots', async () => {
  const some = fc.subarray(callers, { minLength: 1 });
  fc.assert(
    fc.property(
      weights,
      share,
      some,
      some,
      some,
      fc.integer({ min: 1, max: 32 }),
      (all, x, first, second, third, used) => {
        const names = [...inLane('critical', first), ...inLane('normal', second), ...inLane('bulk', third)];
        const plain = createRig(names, policiesOf(all, x));
        const planned = createRig(names, policiesOf(all, x));
        const slots: (string | null)[] = [];
        for (let round = 0; round < 300; round++) {
          const plan = planned.run(32);
          slots.push(...plan.slice(0, used));
          for (const name of plan.slice(used).reverse()) if (name !== null) planned.refund(name);
        }
        const [expected, got] = [tally(plain.run(slots.length)), tally(slots)];
        return names.every(
          (name) => Math.abs((expected.get(name) ?? 0) - (got.get(name) ?? 0)) <= 3 + slots.length / 100,
        );
      },
    ),
    { numRuns: 40 },
  );
});

t.test('critical messages go first up to the share of their caller, and by its weight beyond', async () => {
  const rival = fc.double({ min: 0.1, max: 100, noNaN: true });
  fc.assert(
    fc.property(share, rival, fc.integer({ min: 50, max: 2_000 }), (criticalShare, rivalWeight, slots) => {
      const rig = createRig(['critical a', 'normal b'], { a: { criticalShare }, b: { weight: rivalWeight } });
      const got = tally(rig.run(slots)).get('critical a') ?? 0;
      const first = Math.min(slots, CRITICAL_BURST + slots * criticalShare);
      const excess = (slots - first) / (1 + rivalWeight);
      const floor = Math.ceil(slots / 19);
      return got <= first + excess + 2 && got >= Math.min(first + excess, slots - floor) - floor - 2;
    }),
    { numRuns: 100 },
  );
});

t.test('a short burst of critical messages waits for nobody but the floors, whoever else sends', async () => {
  fc.assert(
    fc.property(weights, fc.integer({ min: 1, max: 20 }), fc.nat(500), (all, burst, before) => {
      const rig = createRig([...inLane('normal'), ...inLane('bulk')], policiesOf(all));
      rig.run(before);
      rig.activate('critical c0');
      const slots = rig.run(burst + 3);
      return (tally(slots).get('critical c0') ?? 0) >= Math.min(20, burst);
    }),
    { numRuns: 60 },
  );
});
