import type { Clock } from '../kernel/clock.ts';
import type { Message } from './message.ts';

/** At most one timer for each message. */
export interface Alarms {
  /** Runs `task` at `at` (epoch milliseconds), unless the message already has an alarm, which then stays. */
  set(message: Message, at: number, task: () => void): void;
  cancel(message: Message): void;
  /** The messages whose alarm has not gone off yet. */
  messages(): Message[];
}

export function createAlarms(clock: Clock): Alarms {
  const cancels = new Map<Message, () => void>();

  return {
    set(message, at, task) {
      if (cancels.has(message)) return;
      const cancel = clock.schedule(at - clock.now(), () => {
        cancels.delete(message);
        task();
      });
      cancels.set(message, cancel);
    },
    cancel(message) {
      const cancel = cancels.get(message);
      if (cancel === undefined) return;
      cancels.delete(message);
      cancel();
    },
    messages: () => [...cancels.keys()],
  };
}
