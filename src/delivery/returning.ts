import type { FlowKey } from '../pacing/scheduler.ts';
import type { AttemptRecord } from '../store/message-row.ts';
import { flowName } from './flow-lines.ts';
import type { Ledger, Recorded } from './ledger.ts';
import type { Message } from './message.ts';

/** Stored messages that go back into their lines, until the store has noted that they wait again. */
export interface Returning {
  /** Whether one of this flow is on its way back: what is newer must not start before it. */
  holds(flow: FlowKey): boolean;
  /** Records that it waits again; `goOn` puts it back into its line. */
  record(message: Message, attempt: AttemptRecord | null, goOn: (recorded: Recorded) => void): void;
}

export interface ReturningOptions {
  readonly ledger: Pick<Ledger, 'settle'>;
  /** The flow may go on. */
  readonly onOver: (flow: FlowKey) => void;
}

export function createReturning({ ledger, onOver }: ReturningOptions): Returning {
  const returning = new Map<string, number>();

  return {
    holds: (flow) => returning.size > 0 && returning.has(flowName(flow)),
    record(message, attempt, goOn) {
      const name = flowName(message);
      returning.set(name, (returning.get(name) ?? 0) + 1);
      ledger.settle(message, attempt).then((recorded) => {
        const left = (returning.get(name) ?? 1) - 1;
        if (left > 0) returning.set(name, left);
        else returning.delete(name);
        goOn(recorded);
        onOver(message);
      });
    },
  };
}
