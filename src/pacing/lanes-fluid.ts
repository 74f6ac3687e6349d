import type { Lane } from '../channels/channel.ts';
import { FLOOR_EVERY } from './lanes-floor.ts';

/** A flow, or several that are alike, as a liquid: messages that leave at a rate. */
export interface FluidFlow {
  readonly lane: Lane;
  readonly weight: number;
  /** Share of the slots up to which it goes before lower lanes; 1 = no cap. */
  readonly cap: number;
  /** Messages. */
  left: number;
  /** Messages per slot of the account. */
  rate: number;
}

const FLOOR = 1 / FLOOR_EVERY;

const weightOf = (flows: readonly FluidFlow[]) => flows.reduce((sum, { weight }) => sum + weight, 0);

/** Gives each its share of `room` by weight, but not more than its cap. Returns those that reached it. */
function fill(flows: readonly FluidFlow[], room: number): FluidFlow[] {
  const full: FluidFlow[] = [];
  let open = flows;
  let rest = room;
  for (;;) {
    const perWeight = rest / weightOf(open);
    const within: FluidFlow[] = [];
    for (const flow of open) {
      flow.rate = Math.min(flow.cap, flow.weight * perWeight);
      if (flow.rate < flow.cap) {
        within.push(flow);
      } else {
        full.push(flow);
        rest -= flow.rate;
      }
    }
    if (within.length === open.length || within.length === 0) return full;
    open = within;
  }
}

/** Sets the rate of every flow to what the scheduler would give it in the long run. Only flows that have messages. */
export function setRates(flows: readonly FluidFlow[]): void {
  const critical = flows.filter(({ lane }) => lane === 'critical');
  const normal = flows.filter(({ lane }) => lane === 'normal');
  const bulk = flows.filter(({ lane }) => lane === 'bulk');
  const bulkRate = bulk.length === 0 ? 0 : bulk.length === flows.length ? 1 : FLOOR;
  const normalFloor = normal.length > 0 && critical.length > 0 ? FLOOR : 0;

  const excess = critical.length === 0 ? [] : fill(critical, 1 - bulkRate - normalFloor);
  const rest = critical.reduce((sum, { rate }) => sum - rate, 1 - bulkRate);
  const normalWeight = weightOf(normal);
  const excessWeight = weightOf(excess);
  const normalRate =
    normal.length === 0 ? 0 : Math.max(normalFloor, (rest * normalWeight) / (normalWeight + excessWeight));

  for (const flow of excess) flow.rate += ((rest - normalRate) * flow.weight) / excessWeight;
  for (const flow of normal) flow.rate = (normalRate * flow.weight) / normalWeight;
  const bulkWeight = weightOf(bulk);
  for (const flow of bulk) flow.rate = (bulkRate * flow.weight) / bulkWeight;
}
