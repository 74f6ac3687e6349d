import type { Lane } from '../../src/channels/channel.ts';
import { createScheduler, type FlowKey, type FlowPolicy } from '../../src/pacing/scheduler.ts';

/** `critical shop` as a flow. */
export function flowOf(name: string): FlowKey {
  const [lane = '', caller = ''] = name.split(' ');
  if (lane !== 'critical' && lane !== 'normal' && lane !== 'bulk') throw new Error(`${lane} is no lane`);
  return { lane, caller };
}

export const nameOf = ({ lane, caller }: FlowKey) => `${lane} ${caller}`;

/** A scheduler whose policies and stops a test changes at will. Flows are named `lane caller`. */
export function createRig(active: readonly string[] = [], policies: Record<string, Partial<FlowPolicy>> = {}) {
  const stopped = new Set<string>();
  const policyOf = (caller: string): FlowPolicy => ({ weight: 1, criticalShare: 0.5, ...policies[caller] });
  const scheduler = createScheduler({
    policy: policyOf,
    isStopped: (lane: Lane, caller: string) =>
      stopped.has(lane) || stopped.has(caller) || stopped.has(`${lane} ${caller}`),
  });
  const next = () => {
    const flow = scheduler.next();
    return flow === null ? null : nameOf(flow);
  };
  for (const name of active) scheduler.activate(flowOf(name));

  return {
    scheduler,
    /** Names of lanes, of callers and of flows. */
    stopped,
    policies,
    policyOf,
    next,
    activate: (name: string) => scheduler.activate(flowOf(name)),
    deactivate: (name: string) => scheduler.deactivate(flowOf(name)),
    refund: (name: string) => scheduler.refund(flowOf(name)),
    isActive: (name: string) => scheduler.isActive(flowOf(name)),
    /** Who gets the next slots, one by one. */
    run: (slots: number) => Array.from({ length: slots }, next),
  };
}

/** How often each stands in the list. */
export function tally(names: readonly (string | null)[]): Map<string | null, number> {
  const counts = new Map<string | null, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
