import type { FlowKey } from '../pacing/scheduler.ts';
import type { Message } from './message.ts';
import { createWaitingLine, type WaitingLine } from './waiting-line.ts';

/** Messages whose callers wait, in a line for each caller and lane. */
export interface FlowLines {
  add(message: Message): void;
  /** The flow's next message that is still queued; it stays in the line. */
  peek(flow: FlowKey): Message | undefined;
  take(flow: FlowKey): Message | undefined;
  /** The message waits no more. Harmless if it is in no line. */
  drop(message: Message): void;
  /** How many wait in each flow that has any. */
  counts(): { readonly flow: FlowKey; readonly waiting: number }[];
  all(): Message[];
}

interface Entry {
  readonly flow: FlowKey;
  readonly line: WaitingLine;
  /** Those of the line that wait; it passes over the others in time. */
  readonly waiting: Set<Message>;
}

/** A flow as the key of a map. */
export const flowName = ({ lane, caller }: FlowKey): string => `${lane} ${caller}`;

export function createFlowLines(): FlowLines {
  const lines = new Map<string, Entry>();

  const remove = (message: Message, { flow, line, waiting }: Entry) => {
    if (!waiting.delete(message)) return;
    // Callers come and go, and whatever is refused at once was added at the end: neither may be kept.
    if (waiting.size === 0) lines.delete(flowName(flow));
    else line.trim();
  };

  return {
    add(message) {
      const name = flowName(message);
      let entry = lines.get(name);
      if (entry === undefined) {
        const { lane, caller } = message;
        entry = { flow: { lane, caller }, line: createWaitingLine(), waiting: new Set() };
        lines.set(name, entry);
      }
      entry.line.add(message);
      entry.waiting.add(message);
    },
    peek: (flow) => lines.get(flowName(flow))?.line.peek(),
    take(flow) {
      const entry = lines.get(flowName(flow));
      const message = entry?.line.take();
      if (entry !== undefined && message !== undefined) remove(message, entry);
      return message;
    },
    drop(message) {
      const entry = lines.get(flowName(message));
      if (entry !== undefined) remove(message, entry);
    },
    counts: () => [...lines.values()].map(({ flow, waiting }) => ({ flow, waiting: waiting.size })),
    all: () => [...lines.values()].flatMap(({ line }) => line.all()),
  };
}
