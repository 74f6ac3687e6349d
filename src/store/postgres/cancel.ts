import type { EndedMessage, ListFilter } from '../requests.ts';
import type { Sql } from './database.ts';
import { conditionsOf } from './filter.ts';
import { ended, ending, judged } from './fragments.ts';

// Whoever waits hears that nothing was sent, and may send it anew.
const freesKey = `m.mode = 'sync' AND m.state <> 'unknown' AS frees_key`;
const keys = (keepUntil: string) => `kept AS (
    UPDATE commbox_gateway.idempotency_keys k SET keep_until = ${keepUntil}
    FROM canceled WHERE k.message_id = canceled.id AND NOT canceled.frees_key
  ), freed AS (
    DELETE FROM commbox_gateway.idempotency_keys k
    USING canceled WHERE k.message_id = canceled.id AND canceled.frees_key
  )`;

const cancelStatement = `
  WITH canceled AS (
    UPDATE commbox_gateway.messages m SET ${ending('m', 'canceled', '$2')}
    WHERE id = $1 AND ${judged("state = 'queued' AND NOT is_recorded")}
    RETURNING id, ${freesKey}
  ), ${keys('$3')}
  SELECT id FROM canceled`;

// What another process takes this moment is passed over: it is no longer queued then.
const cancelManyStatement = (isQueued: string, conditions: string) => `
  WITH chosen AS (
    SELECT id FROM commbox_gateway.messages m
    WHERE ${isQueued} AND NOT is_recorded AND ${conditions}
    LIMIT $3 FOR UPDATE SKIP LOCKED
  ), canceled AS (
    UPDATE commbox_gateway.messages m SET ${ending('m', 'canceled', '$1')}
    FROM chosen WHERE m.id = chosen.id
    RETURNING ${ended('m')}, ${freesKey}
  ), ${keys('$2')}
  SELECT * FROM canceled`;

/** Messages of one statement: a lock each, and the statement must end within its time. */
const CHUNK = 5_000;

/** Queued to canceled, or to unknown if it may have arrived once. False if it was not queued. */
export async function cancelMessage(sql: Sql, id: string, now: number, answerUntil: number): Promise<boolean> {
  return (await sql.query(cancelStatement, [id, now, answerUntil])).length === 1;
}

/** The same for all that match, each piece for itself: others wait for one of them at most. */
export async function cancelMatching(
  sql: Sql,
  filter: ListFilter,
  now: number,
  answerUntil: number,
  told: (canceled: readonly EndedMessage[]) => void = () => {},
): Promise<number> {
  if (filter.states?.includes('queued') === false) return 0;
  const { conditions, values } = conditionsOf(filter, 4);
  const statement = cancelManyStatement(queuedOf(filter), conditions);
  for (let total = 0; ; ) {
    const canceled = await sql.query<EndedMessage>(statement, [now, answerUntil, CHUNK, ...values]);
    told(canceled);
    total += canceled.length;
    if (canceled.length < CHUNK) return total;
  }
}

// Leads to the index of references if there is one, else to that of callers, else to that of states (see `migrations.ts`).
function queuedOf({ reference, caller }: ListFilter): string {
  if (reference !== undefined) return judged("m.state = 'queued'");
  return caller === undefined ? `m.state COLLATE "POSIX" = 'queued'` : "m.state = 'queued'";
}
