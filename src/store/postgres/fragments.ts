/**
 * A condition on rows that are found otherwise: the planner uses no index for it. As long as it believes that the queue is
 * as empty as when it last looked, it would rather find one message by its state than by its id.
 */
export function judged(condition: string): string {
  return `(${condition}) IS TRUE`;
}

/** `SET` members that erase a message: everything of the request but what its ledger keeps, and not its `failure`. */
export function erasing(alias: string): string {
  return `body = NULL, files = NULL, request_id = '', traceparent = NULL, is_erased = true,
    unclear = ${scrubbed(`${alias}.unclear`)}`;
}

/** A stored failure without its texts. */
export function scrubbed(failure: string): string {
  return `CASE
    WHEN jsonb_typeof(${failure} -> 'upstream') = 'object'
    THEN jsonb_set(${failure} || '{"detail": ""}', '{upstream, description}', 'null')
    ELSE ${failure} || '{"detail": ""}'
  END`;
}

/** `SET` members that end a queued message: as `state` with this failure, or `unknown` if it may have arrived once. */
export function ending(alias: string, state: 'canceled' | 'expired', endedAt: string, failure = 'NULL'): string {
  return `state = CASE WHEN ${alias}.unclear IS NULL THEN '${state}' ELSE 'unknown' END,
    failure = coalesce(${alias}.unclear, ${failure}), ended_at = ${endedAt}, lease = NULL`;
}

/** What `RETURNING` gives of a message that was ended: the members of `EndedMessage`. */
export function ended(alias: string): string {
  const columns = ['id', 'mode', 'state', 'caller', 'account', 'channel', 'stream', 'lane', 'traceparent'];
  const own = columns.map((column) => `${alias}.${column}`).join(', ');
  return `${own}, ${alias}.request_id AS "requestId", ${alias}.failure ->> 'code' AS code`;
}
