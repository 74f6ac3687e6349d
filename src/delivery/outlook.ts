import type { Lane } from '../channels/channel.ts';
import type { Clock } from '../kernel/clock.ts';
import { aheadOf } from '../pacing/estimate.ts';
import { createInflow } from '../pacing/inflow.ts';
import { FLOOR_EVERY } from '../pacing/lanes-floor.ts';
import type { Pacer } from '../pacing/pacer.ts';
import type { FlowKey, FlowPolicy } from '../pacing/scheduler.ts';
import type { FlowBacklog } from '../store/flows.ts';
import { flowName } from './flow-lines.ts';
import type { WaitReason } from './message.ts';

/** What a queued message is to expect. */
export interface Prospect {
  readonly waitingFor: WaitReason;
  /** How many messages start before it. */
  readonly position: number;
  /** When it will probably start, in epoch milliseconds; Infinity while an operator's stop or refused keys hold it. */
  readonly startsAt: number;
  /** When it will start if all goes well: whoever cannot wait for that waits in vain. */
  readonly startsAtBest: number;
}

/**
 * How long messages of one account have to wait. Counts are those of this process, corrected by the store's. What is not
 * due yet is before nobody, and in no count.
 */
export interface Outlook {
  /** A message whose caller waits has come. */
  arrived(flow: FlowKey): void;
  /** A stored message was accepted here; returns how many of its flow are before it, those whose callers wait among them. */
  accepted(message: FlowKey & { readonly readyAt: number }): number;
  /** Stored messages of a flow were taken, here. */
  left(flow: FlowKey, messages: number): void;
  /** What the store has counted, unless messages came or went here since `changes` said this number. */
  counted(flows: readonly FlowBacklog[], changes: number): void;
  readonly changes: number;
  /** @param own messages of its own flow that are before it; null = all that the flow has */
  prospect(flow: FlowKey, own: number | null, now: number): Prospect;
}

export interface OutlookOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly pacer: Pacer;
  readonly policy: (caller: string) => FlowPolicy;
  readonly isHeld: () => boolean;
  readonly isStopped: (lane: Lane, caller: string) => boolean;
  /** Messages whose callers wait, by flow. */
  readonly waiting: () => readonly { readonly flow: FlowKey; readonly waiting: number }[];
}

/** What is scheduled starts no sooner than it may. */
export function atItsTime(prospect: Prospect, readyAt: number, now: number): Prospect {
  if (readyAt <= now) return prospect;
  const startsAt = Math.max(prospect.startsAt, readyAt);
  return { ...prospect, waitingFor: 'schedule', startsAt, startsAtBest: Math.max(prospect.startsAtBest, readyAt) };
}

// A count is taken again each second; with so many missed because of changes in between, it must count anyway.
const MOST_MISSED = 3;

export function createOutlook(options: OutlookOptions): Outlook {
  const { clock, pacer, policy, isHeld, isStopped, waiting } = options;
  const inflow = createInflow();
  let stored = new Map<string, { readonly flow: FlowKey; queued: number }>();
  let changes = 0;
  let missed = 0;

  const entryOf = (flow: FlowKey) => {
    const name = flowName(flow);
    let entry = stored.get(name);
    if (entry === undefined) {
      entry = { flow: { lane: flow.lane, caller: flow.caller }, queued: 0 };
      stored.set(name, entry);
    }
    return entry;
  };

  const everything = () => {
    const all = new Map<string, FlowKey & { queued: number }>();
    for (const { flow, queued } of stored.values()) if (queued > 0) all.set(flowName(flow), { ...flow, queued });
    for (const { flow, waiting: more } of waiting()) {
      const name = flowName(flow);
      all.set(name, { ...flow, queued: (all.get(name)?.queued ?? 0) + more });
    }
    return all;
  };

  const reason = (flow: FlowKey, hasOthers: boolean): WaitReason => {
    if (isHeld()) return 'credentials';
    if (pacer.cause() !== null || isStopped(flow.lane, flow.caller)) return 'paused';
    return hasOthers ? 'fair_share' : 'rate';
  };

  /**
   * How long it takes until so many have gone of those that wait already, in milliseconds. What comes into higher lanes
   * goes first, and is expected to keep coming for as long again as it has been.
   */
  const duration = (messages: number, lane: Lane, now: number, rate: number | null) => {
    if (rate === null) return 0;
    const { perSecond, lastsMs } = inflow.above(lane, now);
    const whileItComes = rate > perSecond ? messages / (rate - perSecond) : Number.POSITIVE_INFINITY;
    const ifItEnds = (messages + (perSecond * lastsMs) / 1_000) / rate;
    return Math.min(whileItComes, ifItEnds, (messages * FLOOR_EVERY) / rate) * 1_000;
  };

  return {
    get changes() {
      return changes;
    },
    arrived: ({ lane }) => inflow.arrived(lane, clock.now()),
    accepted(message) {
      const now = clock.now();
      // When its time comes, the store's count has it.
      if (message.readyAt > now) return stored.get(flowName(message))?.queued ?? 0;
      changes++;
      inflow.arrived(message.lane, now);
      const name = flowName(message);
      const inLine = waiting().find(({ flow }) => flowName(flow) === name)?.waiting ?? 0;
      return entryOf(message).queued++ + inLine;
    },
    left(flow, messages) {
      changes++;
      const entry = entryOf(flow);
      entry.queued = Math.max(0, entry.queued - messages);
      if (entry.queued === 0) stored.delete(flowName(flow));
    },
    counted(flows, seen) {
      if (seen !== changes && ++missed < MOST_MISSED) return;
      missed = 0;
      stored = new Map(
        flows.map(({ lane, caller, due }) => [flowName({ lane, caller }), { flow: { lane, caller }, queued: due }]),
      );
    },
    prospect(flow, own, now) {
      const all = everything();
      const name = flowName(flow);
      const before = own ?? Math.max(0, (all.get(name)?.queued ?? 0) - 1);
      const flows = [...all.values()].filter((other) => !isStopped(other.lane, other.caller));
      const position = aheadOf({ flows, flow, own: before, policy });
      const hasOthers = flows.some((other) => flowName(other) !== name);
      const waitingFor = reason(flow, hasOthers);
      const never = Number.POSITIVE_INFINITY;
      if (isHeld() || isStopped(flow.lane, flow.caller)) {
        return { waitingFor, position, startsAt: never, startsAtBest: never };
      }
      const opensAt = pacer.opensAt(now);
      const opening = Number.isFinite(opensAt) ? Math.max(opensAt, now) : now;
      const likely = duration(position, flow.lane, now, pacer.throughput(now));
      const best = duration(position, flow.lane, now, pacer.bestThroughput(now));
      return { waitingFor, position, startsAt: opening + likely, startsAtBest: opening + Math.min(likely, best) };
    },
  };
}
