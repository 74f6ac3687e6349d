import type { Lane } from '../channels/channel.ts';
import type { FlowKey } from './lanes.ts';
import { type FluidFlow, setRates } from './lanes-fluid.ts';
import type { FlowPolicy } from './scheduler.ts';
import { CRITICAL_BURST } from './scheduler-cap.ts';

/** Messages that wait in a flow. */
export interface FlowQueue extends FlowKey {
  readonly queued: number;
}

export interface EstimateRequest {
  /** All that waits in the account, but for flows that are stopped. What it says of the message's own flow is ignored. */
  readonly flows: Iterable<FlowQueue>;
  /** The flow of the message; as if it were not stopped. */
  readonly flow: FlowKey;
  /** Messages of its own flow that are before it. */
  readonly own: number;
  readonly policy: (caller: string) => FlowPolicy;
}

// Above this, flows of a lane that will run dry at about the same time are counted as one: the result differs by less
// than what the next arrivals change, and the cost stays linear in the number of flows.
const MANY = 48;
const GROUPS_PER_OCTAVE = 2;
// The weight of a message that is the next of its lane.
const FIRST = 1e9;

/**
 * How many messages of the account will start before one, if no more arrive: a whole number, at least `own`. It plays
 * the scheduler's rules through with messages as a liquid, from one flow that runs dry to the next. What only the
 * scheduler knows is left out (whose slot comes next within a round, what a caller has left of its critical burst), so
 * that positions are off by some slots, which tells in small ones only.
 */
export function aheadOf({ flows, flow, own, policy }: EstimateRequest): number {
  const target = fluid(flow.lane, own, policy(flow.caller));
  const others = gather(flows, flow, policy);
  const waited = target.left === 0 ? 0 : drain([...others, target], target);

  // The message itself: nobody in its lane is before it any more.
  const head: FluidFlow = { ...target, weight: FIRST, left: 1 };
  const last = drain([...others.filter(({ lane }) => lane !== flow.lane), head], head);
  return Math.max(own, Math.round(waited + last - 1));
}

function fluid(lane: Lane, left: number, { weight, criticalShare }: FlowPolicy): FluidFlow {
  // What a burst lets through as a whole is never above the cap; a longer queue has used its burst up.
  const isCapped = lane === 'critical' && left * (1 - criticalShare) > CRITICAL_BURST;
  return { lane, weight, cap: isCapped ? criticalShare : 1, left, rate: 0 };
}

/** The other flows, as few as say the same. */
function gather(flows: Iterable<FlowQueue>, own: FlowKey, policy: EstimateRequest['policy']): FluidFlow[] {
  const all: FluidFlow[] = [];
  for (const { lane, caller, queued } of flows) {
    if (queued <= 0 || (lane === own.lane && caller === own.caller)) continue;
    all.push(fluid(lane, queued, policy(caller)));
  }
  const isMany = all.length > MANY;
  const groups = new Map<string, FluidFlow>();
  for (const [index, flow] of all.entries()) {
    const dryAt = isMany ? Math.round(Math.log2(flow.left / flow.weight) * GROUPS_PER_OCTAVE) : index;
    const name = wholeName(flow, own.lane) ?? `${flow.lane} ${flow.cap < 1} ${dryAt}`;
    const group = groups.get(name);
    groups.set(name, group === undefined ? flow : merge(group, flow));
  }
  return [...groups.values()];
}

/** Where only the sum counts: lanes above `bulk`, all of which goes first, and lanes that only get their floor. */
function wholeName({ lane, cap }: FluidFlow, own: Lane): string | null {
  if (own === 'bulk') return lane === 'bulk' ? null : 'higher';
  if (lane === 'bulk') return 'bulk';
  return lane === 'critical' && cap === 1 && own === 'normal' ? 'uncapped' : null;
}

function merge(a: FluidFlow, b: FluidFlow): FluidFlow {
  const weight = a.weight + b.weight;
  return { lane: a.lane, weight, cap: Math.min(1, a.cap + b.cap), left: a.left + b.left, rate: 0 };
}

/** Lets all flow until `target` is dry; returns the slots that takes, and leaves what is left in the flows. */
function drain(flows: readonly FluidFlow[], target: FluidFlow): number {
  let slots = 0;
  for (let open = flows.filter(({ left }) => left > 0); open.includes(target); ) {
    setRates(open);
    let span = Number.POSITIVE_INFINITY;
    for (const { left, rate } of open) if (rate > 0) span = Math.min(span, left / rate);
    slots += span;
    for (const flow of open) flow.left = flow.left / flow.rate <= span ? 0 : flow.left - flow.rate * span;
    open = open.filter(({ left }) => left > 0);
  }
  return slots;
}
