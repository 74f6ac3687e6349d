import type { Clock } from '../kernel/clock.ts';
import { GatewayError } from '../kernel/errors.ts';
import type { Dispatcher } from './dispatcher.ts';
import { createMessage, type Draft, isFinal, type Message } from './message.ts';

/** A message on its way, as the one who submitted it sees it. */
export interface Submission {
  readonly message: Message;
  /** Resolves with the final state. Never rejects. */
  readonly settled: Promise<Message>;
  /** Takes it back if it is still queued; an attempt in flight is left to end. */
  withdraw(): void;
}

/** The one way in: every send from every door becomes a message here. */
export interface Delivery {
  /** @throws GatewayError `internal_error` if the draft names an account that does not exist. */
  submit(draft: Draft): Submission;
  /** To be told of every final state, e.g. by the dispatchers' observer. */
  settled(message: Message): void;
  /** Refuses new messages, withdraws the waiting ones, and resolves when nothing is in flight. */
  drain(): Promise<void>;
}

export interface DeliveryOptions {
  readonly clock: Clock;
  readonly nextId: () => string;
  /** The dispatcher of an account, looked up for every message. */
  readonly dispatchers: ReadonlyMap<string, Dispatcher>;
}

export function createDelivery({ clock, nextId, dispatchers }: DeliveryOptions): Delivery {
  const waiters = new Map<Message, (message: Message) => void>();
  let sequence = 0;

  return {
    submit(draft) {
      const dispatcher = dispatchers.get(draft.account);
      if (dispatcher === undefined) throw new GatewayError('internal_error', 'The stream’s account does not exist.');
      const message = createMessage(draft, nextId(), ++sequence, clock.now());
      const settled = new Promise<Message>((resolve) => waiters.set(message, resolve));
      dispatcher.submit(message);
      return { message, settled, withdraw: () => dispatcher.withdraw(message) };
    },
    settled(message) {
      if (!isFinal(message)) return;
      waiters.get(message)?.(message);
      waiters.delete(message);
    },
    async drain() {
      for (const dispatcher of dispatchers.values()) dispatcher.stop();
      await Promise.all([...dispatchers.values()].map((dispatcher) => dispatcher.idle()));
    },
  };
}
