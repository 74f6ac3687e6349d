import type { EndedMessage, ExpiryReason, ListFilter } from '../requests.ts';
import type { StoreContext } from './context.ts';
import { selectMatching } from './filters.ts';
import type { Keys } from './keys.ts';
import { OF_THIS_FLOW } from './waiting.ts';

/** Ends waiting messages; one that may have arrived once can only end unknown. */
const END = (state: 'canceled' | 'expired', failure = 'NULL') => `
  UPDATE messages SET
    state = CASE WHEN unclear IS NULL THEN '${state}' ELSE 'unknown' END,
    failure = coalesce(unclear, ${failure}), ended_at = :now, line = NULL, lease = NULL`;
// The members of `EndedMessage`.
const ENDED = `id, mode, state, caller, account, channel, stream, lane, traceparent, request_id AS requestId,
  failure ->> '$.code' AS code`;
const CANCELABLE = `state = 'queued' AND is_recorded = 0`;
const CANCEL = `${END('canceled')} WHERE id = :id AND ${CANCELABLE} RETURNING ${ENDED}`;
// The other columns are those of the row with the smallest key (https://sqlite.org/lang_select.html#bareagg).
const REASON = `(
    SELECT reason FROM (
      SELECT min(key), value -> '$.failure' AS reason FROM json_each(:reasons)
      WHERE coalesce(value ->> '$.account', messages.account) = messages.account
        AND coalesce(value ->> '$.lane', messages.lane) = messages.lane
        AND coalesce(value ->> '$.caller', messages.caller) = messages.caller
    )
  )`;
const EXPIRE = `
  ${END('expired', REASON)}
  WHERE seq IN (
    SELECT m.seq FROM flows f CROSS JOIN messages m INDEXED BY messages_expiring
    WHERE f.queued > 0 AND ${OF_THIS_FLOW} AND m.line IN ('ready', 'later') AND m.expires_at <= :now LIMIT :limit
  ) RETURNING ${ENDED}`;

/** Operations that end messages which nobody will send. */
export function createEnding({ database }: StoreContext, keys: Keys) {
  const end = (sql: string, values: { readonly [name: string]: string | number }, keepKeysUntil: number) => {
    const rows = database.all(sql, { ...values, now: Math.ceil(values['now'] as number) });
    const ended = rows as unknown as readonly EndedMessage[];
    for (const { id, mode, state } of ended) {
      // Whoever waits hears that nothing was sent, and may send it anew.
      if (mode === 'sync' && state !== 'unknown') keys.apply(id, { kind: 'free' });
      else keys.keepUntil(id, Math.ceil(keepKeysUntil));
    }
    return ended;
  };

  return {
    cancel: (id: string, now: number, keepKeyUntil: number): boolean =>
      end(CANCEL, { id, now }, keepKeyUntil).length === 1,

    /** Ends `limit` at most: call again while it is that many. */
    cancelSome(filter: ListFilter, now: number, keepKeysUntil: number, limit: number): readonly EndedMessage[] {
      if (filter.states !== undefined && !filter.states.includes('queued')) return [];
      const { sql, values } = selectMatching({ ...filter, states: ['queued'] }, null, 'is_recorded = 0');
      const text = `${END('canceled')} WHERE seq IN (${sql}) RETURNING ${ENDED}`;
      return end(text, { ...(values as { [name: string]: string | number }), now, limit }, keepKeysUntil);
    },

    expire: (now: number, limit: number, keepKeysUntil: number, reasons: readonly ExpiryReason[]) =>
      end(EXPIRE, { now, limit, reasons: JSON.stringify(reasons) }, keepKeysUntil),
  };
}
