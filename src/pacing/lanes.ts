import type { Lane } from '../channels/channel.ts';
import { type Crowd, createBag, createTagHeap, type Tagged } from './lanes-heap.ts';

/** Messages of one account that go in order of acceptance: those of one caller in one lane. */
export interface FlowKey {
  readonly lane: Lane;
  readonly caller: string;
}

/** A flow and its place in the fair queue of its lane. Tags are virtual times: slots divided by weight. */
export interface FairFlow extends Tagged {
  readonly key: FlowKey;
  /** The tag for what a `critical` flow sends above its cap, among others that do. */
  excessTag: number;
  /** Where it is now; null while it has nothing to send. */
  crowd: Crowd<FairFlow> | null;
}

/** A flow that came back into the order of its lane, and by how much its tag was raised then. */
export interface Return {
  readonly flow: FairFlow;
  readonly raisedBy: number;
}

/** Whether a flow may go now: `capped` ones not in the order of this lane. */
export type Verdict = 'go' | 'stopped' | 'capped';

/**
 * Start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996) over the flows of one lane. Whoever has the least tag
 * goes, and its tag moves on by 1 / weight; so shares follow the weights, at most one slot of each flow apart, and
 * nothing is computed for flows that have nothing to send.
 */
export interface FairLane {
  /** How many flows are active. */
  readonly size: number;
  /** Those that {@link FairLane.pick} found to be capped. */
  readonly capped: readonly FairFlow[];
  /** Virtual time of the slot given last. */
  virtual: number;
  /** The flows that ceased to be capped since somebody emptied this. */
  readonly returns: Return[];
  /** False if it was active already. */
  activate(key: FlowKey): boolean;
  /** False if it was not active. */
  deactivate(caller: string): boolean;
  /** The flow of this caller, active or not; undefined if it never was. */
  find(caller: string): FairFlow | undefined;
  /** Any of the active flows. */
  any(): FairFlow | undefined;
  flows(): Iterable<FairFlow>;
  /** The flow whose turn it is. Nothing is charged. */
  pick(): FairFlow | null;
  /** Looks at every flow that was stopped. Whether one of them is so no more. */
  review(): boolean;
  /** Moves the flow on by `cost` = 1 / weight. */
  charge(flow: FairFlow, cost: number): void;
  /** Takes a charge back. */
  refund(flow: FairFlow, cost: number): void;
  /** Takes back that a flow ceased to be capped. */
  undo(back: Return): void;
}

// Stops end without notice, and somebody may have stopped a thousand flows: so many are looked at for every slot.
const REVIEWED_AT_ONCE = 16;

export function createFairLane(judge: (flow: FairFlow) => Verdict): FairLane {
  const known = new Map<string, FairFlow>();
  const ready = createTagHeap<FairFlow>();
  const stopped = createBag<FairFlow>();
  const capped = createBag<FairFlow>();
  const crowds = [ready, stopped, capped];
  let reviewedTo = 0;
  let latest = 0;

  const move = (flow: FairFlow, crowd: Crowd<FairFlow>) => {
    flow.crowd?.remove(flow);
    flow.crowd = crowd;
    crowd.add(flow);
  };

  // Whoever comes, or comes back, takes a place level with those that wait: what it missed is neither credit nor debt.
  const present = () => ready.items[0]?.tag ?? lane.virtual;
  const admit = (flow: FairFlow, level: number) => {
    flow.tag = Math.max(flow.tag, level);
    move(flow, ready);
  };

  const reviewStopped = (count: number) => {
    const level = present();
    let hasReturned = false;
    for (let left = Math.min(count, stopped.items.length); left > 0; left--) {
      if (reviewedTo >= stopped.items.length) reviewedTo = 0;
      const flow = stopped.items[reviewedTo];
      if (flow === undefined || judge(flow) === 'stopped') {
        reviewedTo += 1;
      } else {
        admit(flow, level);
        hasReturned = true;
      }
    }
    return hasReturned;
  };

  const reviewCapped = () => {
    const level = present();
    for (let index = capped.items.length - 1; index >= 0; index--) {
      const flow = capped.items[index];
      const verdict = flow === undefined ? 'capped' : judge(flow);
      if (flow === undefined || verdict === 'capped') continue;
      if (verdict === 'stopped') move(flow, stopped);
      else {
        const { tag } = flow;
        admit(flow, level);
        lane.returns.push({ flow, raisedBy: flow.tag - tag });
      }
    }
  };

  const lane: FairLane = {
    virtual: 0,
    returns: [],
    capped: capped.items,
    get size() {
      return ready.items.length + stopped.items.length + capped.items.length;
    },
    activate(key) {
      let flow = known.get(key.caller);
      if (flow === undefined) {
        // The key may be a whole message, which must not be kept.
        const own = { lane: key.lane, caller: key.caller };
        flow = { key: own, tag: 0, excessTag: 0, crowd: null, index: 0 };
        known.set(key.caller, flow);
      }
      if (flow.crowd !== null) return false;
      admit(flow, present());
      return true;
    },
    deactivate(caller) {
      const flow = known.get(caller);
      if (flow === undefined || flow.crowd === null) return false;
      flow.crowd.remove(flow);
      flow.crowd = null;
      // An idle lane owes nothing and is owed nothing: whoever comes next begins level with the latest.
      if (lane.size === 0) lane.virtual = Math.max(lane.virtual, latest);
      return true;
    },
    find: (caller) => known.get(caller),
    any: () => ready.items[0] ?? stopped.items[0] ?? capped.items[0],
    *flows() {
      for (const { items } of crowds) yield* items;
    },
    pick() {
      if (capped.items.length > 0) reviewCapped();
      if (stopped.items.length > 0) reviewStopped(REVIEWED_AT_ONCE);
      for (let first = ready.items[0]; first !== undefined; first = ready.items[0]) {
        const verdict = judge(first);
        if (verdict === 'go') return first;
        move(first, verdict === 'stopped' ? stopped : capped);
      }
      return null;
    },
    review: () => reviewStopped(stopped.items.length),
    charge(flow, cost) {
      lane.virtual = flow.tag;
      flow.tag += cost;
      latest = Math.max(latest, flow.tag);
      if (flow.crowd === ready) ready.moved(flow);
    },
    refund(flow, cost) {
      flow.tag -= cost;
      if (flow.crowd === capped && judge(flow) === 'go') move(flow, ready);
      else if (flow.crowd === ready) ready.moved(flow);
    },
    undo({ flow, raisedBy }) {
      flow.tag -= raisedBy;
      if (flow.crowd === ready) move(flow, capped);
    },
  };
  return lane;
}
