import { type Lane, lanes } from '../channels/channel.ts';
import { createFairLane, type FairFlow, type FlowKey, type Return } from './lanes.ts';
import { createFloors } from './lanes-floor.ts';
import { createCriticalCap } from './scheduler-cap.ts';
import { type ChargeLevel, createChargeBook } from './scheduler-charges.ts';
import { createExcess } from './scheduler-excess.ts';

export type { FlowKey } from './lanes.ts';

/** What a caller may expect of a scarce quota. */
export interface FlowPolicy {
  /** Share of a lane, relative to the other callers'. Above 0; may be a fraction. */
  readonly weight: number;
  /** Share of the account's slots, above 0 and up to 1, up to which its `critical` messages go before the others. */
  readonly criticalShare: number;
}

/**
 * Decides which flow of an account gets the next slot. It knows which flows have something to send, not what nor how
 * much, so that a backlog of a million costs what one of ten does. Messages of a flow go in order of acceptance; that
 * is up to whoever takes them.
 *
 * - `critical` before `normal` before `bulk`, yet each lower lane gets every 19th slot while higher ones saturate.
 * - Within a lane, slots follow the callers' weights, at most one slot of each caller apart. Who had nothing to send, or
 *   was stopped, comes back level with the others: without credit for what it missed.
 * - A caller's `critical` messages go first up to its `criticalShare`, with a burst in front of it (`CRITICAL_BURST`);
 *   the excess competes with the flows of `normal`, by the caller's weight.
 * - A slot is never left unused while a flow that may go is active.
 */
export interface Scheduler {
  /** The flow has something to send. Harmless if repeated. */
  activate(flow: FlowKey): void;
  /** It has nothing any more. Harmless if repeated. */
  deactivate(flow: FlowKey): void;
  /** The flow that gets the next slot, which is charged for it; null if none may go. */
  next(): FlowKey | null;
  /**
   * Gives the charge of the flow's latest slot back, which was not used; repeated, those of the slots before. Nothing
   * happens for a slot that is not among the last 512 of the account.
   */
  refund(flow: FlowKey): void;
  isActive(flow: FlowKey): boolean;
  /** How many flows are active. */
  readonly size: number;
  /** The active flows, in no order. */
  flows(): Iterable<FlowKey>;
}

export interface SchedulerOptions {
  /** Asked anew for every slot, so that a changed configuration takes effect at once. */
  readonly policy: (caller: string) => FlowPolicy;
  /** Whether an operator's stop holds the flow. Asked anew for every slot. */
  readonly isStopped: (lane: Lane, caller: string) => boolean;
}

const NONE: readonly Return[] = [];

export function createScheduler({ policy, isStopped }: SchedulerOptions): Scheduler {
  const floors = createFloors();
  const cap = createCriticalCap((caller) => policy(caller).criticalShare);
  const book = createChargeBook();
  let size = 0;

  const judge = ({ key }: FairFlow) => (isStopped(key.lane, key.caller) ? 'stopped' : 'go');
  const critical = createFairLane((flow) => {
    const verdict = judge(flow);
    return verdict === 'go' && !cap.mayGoFirst(flow.key.caller) ? 'capped' : verdict;
  });
  const normal = createFairLane(judge);
  const bulk = createFairLane(judge);
  const excess = createExcess(critical, normal, (caller) => policy(caller).weight);
  const queues = { critical, normal, bulk };

  // Nobody else wants the slot: it is charged to nobody, and costs next to nothing.
  function nextOfOne(): FlowKey | null {
    const flow = critical.any() ?? normal.any() ?? bulk.any();
    if (flow === undefined || judge(flow) === 'stopped') return null;
    book.next(flow).level = 'free';
    return flow.key;
  }

  function charged(flow: FairFlow, level: ChargeLevel): FlowKey {
    const { lane, caller } = flow.key;
    const entry = book.next(flow);
    entry.level = level;
    entry.returns = critical.returns.length === 0 ? NONE : critical.returns.splice(0);
    if (level === 'excess') {
      excess.charge(flow, entry);
    } else {
      entry.cost = 1 / policy(caller).weight;
      queues[lane].charge(flow, entry.cost);
      if (lane === 'critical') entry.spent = cap.spend(caller);
    }
    floors.served(lane, normal.size > 0, bulk.size > 0, entry);
    return flow.key;
  }

  function nextOfDue(): FlowKey | null {
    for (let lane = floors.due(); lane !== null; lane = floors.due()) {
      const flow = queues[lane].pick();
      if (flow !== null) return charged(flow, 'lane');
      floors.forget(lane);
    }
    return null;
  }

  function nextByLane(): FlowKey | null {
    const first = critical.pick();
    if (first !== null) return charged(first, 'lane');
    const flow = normal.pick();
    const other = excess.pick(flow);
    if (other !== null) return charged(other, 'excess');
    const last = flow ?? bulk.pick();
    return last === null ? null : charged(last, 'lane');
  }

  const reviewAll = () => lanes.some((lane) => queues[lane].review());

  return {
    activate(flow) {
      if (queues[flow.lane].activate(flow)) size += 1;
    },
    deactivate({ lane, caller }) {
      const queue = queues[lane];
      if (!queue.deactivate(caller)) return;
      size -= 1;
      if (queue.size === 0) floors.forget(lane);
      if (size === 0) cap.reset();
    },
    next() {
      if (size <= 1) return nextOfOne();
      cap.slot();
      const key = nextOfDue() ?? nextByLane() ?? (reviewAll() ? nextByLane() : null);
      if (key === null) cap.unslot();
      return key;
    },
    refund({ lane, caller }) {
      const flow = queues[lane].find(caller);
      const entry = flow && book.takeBack(flow);
      if (!flow || !entry || entry.level === 'free') return;
      if (entry.level === 'excess') {
        excess.refund(flow, entry);
      } else {
        if (lane === 'critical') cap.giveBack(caller, entry.spent);
        queues[lane].refund(flow, entry.cost);
      }
      for (const back of entry.returns) critical.undo(back);
      cap.unslot();
      floors.undo(lane, entry);
      for (const other of lanes) if (queues[other].size === 0) floors.forget(other);
    },
    isActive: ({ lane, caller }) => (queues[lane].find(caller)?.crowd ?? null) !== null,
    get size() {
      return size;
    },
    *flows() {
      for (const lane of lanes) for (const { key } of queues[lane].flows()) yield key;
    },
  };
}
