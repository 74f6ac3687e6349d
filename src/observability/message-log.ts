import { isFinal, type Message } from '../delivery/message.ts';
import { traceIdOf } from '../kernel/trace-id.ts';
import type { MessageRow, MessageState } from '../store/message-row.ts';
import type { EndedMessage } from '../store/requests.ts';
import type { Store } from '../store/store.ts';
import type { Log } from './log.ts';

/** Tells how messages ended of which neither the line of a request nor that of an attempt tells it. Never throws. */
export interface MessageLog {
  /** To be told of every message that delivery brought to a final state. */
  settled(message: Message): void;
  /** Watches a store for the ends that happen there. */
  watch(store: Store): Store;
}

/** The states that an attempt's own line implies. */
const ENDS: Readonly<Record<string, MessageState>> = {
  sent: 'sent',
  refused: 'failed',
  damaged: 'failed',
  unclear: 'unknown',
};

/** What is canceled in a store is so without a failure. */
const CODES: Readonly<Partial<Record<MessageState, string>>> = { canceled: 'conflict' };

export function createMessageLog(log: Log): MessageLog {
  const tell = (message: EndedMessage) => {
    const { state, requestId, traceparent, id, caller, account, channel, stream, lane, code } = message;
    const fields = {
      requestId,
      traceId: traceparent === null ? null : traceIdOf(traceparent),
      messageId: id,
      caller,
      account,
      channel,
      stream,
      lane,
      state,
      code: state === 'sent' ? null : (code ?? CODES[state] ?? null),
    };
    if (state === 'sent' || state === 'canceled') log.info(fields, 'message');
    else log.warn(fields, 'message');
  };
  const tellRow = (row: MessageRow) => {
    if (isFinal(row)) tell({ ...row, code: row.failure?.code ?? null });
  };

  return {
    settled(message) {
      if (message.mode !== 'async' || !isFinal(message)) return;
      const last = message.attempts.at(-1)?.outcome ?? '';
      if (ENDS[last] !== message.state) tell({ ...message, code: message.failure?.code ?? null });
    },
    watch: (store) => ({
      ...store,
      async expire(...args) {
        const expired = await store.expire(...args);
        for (const message of expired) tell(message);
        return expired;
      },
      cancelMany: (filter, now, answerUntil) =>
        store.cancelMany(filter, now, answerUntil, (canceled) => {
          // Who waits for one is answered, and that has a line.
          for (const message of canceled) if (message.mode === 'async') tell(message);
        }),
      async resolve(id, to) {
        // What is sent forgets its request, ids included.
        const row = await store.get(id).catch(() => null);
        const isResolved = await store.resolve(id, to);
        if (isResolved && row !== null) tellRow({ ...row, state: to.state });
        return isResolved;
      },
      async recover(...args) {
        const ids = await store.recover(...args);
        for (const id of ids) {
          const row = await store.get(id).catch(() => null);
          if (row !== null) tellRow(row);
        }
        return ids;
      },
    }),
  };
}
