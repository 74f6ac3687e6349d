import type { FlowKey } from '../pacing/scheduler.ts';
import type { Message } from './message.ts';
import { createWaitingLine, type WaitingLine } from './waiting-line.ts';

/** Messages whose callers wait, in a line for each caller and lane. */
export interface FlowLines {
  add(message: Message): void;
  /** The flow's next message that is still queued; it stays in the line. */
  peek(flow: FlowKey): Message | undefined;
  take(flow: FlowKey): Message | undefined;
  /** How many wait in each flow that has any. */
  counts(): { readonly flow: FlowKey; readonly waiting: number }[];
  all(): Message[];
}

/** A flow as the key of a map. */
export const flowName = ({ lane, caller }: FlowKey): string => `${lane} ${caller}`;

export function createFlowLines(): FlowLines {
  const lines = new Map<string, { readonly flow: FlowKey; readonly line: WaitingLine }>();

  const lineOf = (flow: FlowKey) => {
    const name = flowName(flow);
    const entry = lines.get(name);
    if (entry === undefined) return undefined;
    if (entry.line.peek() !== undefined) return entry.line;
    // Callers come and go; what is empty must not be kept for ever.
    lines.delete(name);
    return undefined;
  };

  return {
    add(message) {
      const name = flowName(message);
      let entry = lines.get(name);
      if (entry === undefined) {
        entry = { flow: { lane: message.lane, caller: message.caller }, line: createWaitingLine() };
        lines.set(name, entry);
      }
      entry.line.add(message);
    },
    peek: (flow) => lineOf(flow)?.peek(),
    take: (flow) => lineOf(flow)?.take(),
    counts: () => [...lines.values()].map(({ flow, line }) => ({ flow, waiting: line.length })),
    all: () => [...lines.values()].flatMap(({ line }) => line.all()),
  };
}
