/** SQL conditions on `m` that both indexes of waiting messages are made for: see `migrations.ts`. */
export const READY = `m.state = 'queued' AND m.mode = 'async' AND NOT m.is_scheduled`;
export const SCHEDULED = `m.state = 'queued' AND m.mode = 'async' AND m.is_scheduled`;

/**
 * That a waiting message `m` may go at `now`. Written as the indexes have it, which therefore judge it by themselves: a
 * message that may not go costs an entry of the index, and not a look at its row.
 */
export function mayGo(now: string): string {
  return `m.ready_at <= ${now} AND coalesce(m.expires_at, 9223372036854775807) > ${now}`;
}

/** That `m` belongs to the flow that `flow` has the columns of. */
export function isOf(flow: string): string {
  return `m.account = ${flow}.account AND m.lane = ${flow}.lane AND m.caller = ${flow}.caller`;
}

/** The order of acceptance as the index of ready messages has it. No other index has it under this collation. */
export const ORDER = 'm.id COLLATE "ucs_basic"';
