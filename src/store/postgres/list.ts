import { type MessageRow, type MessageState, messageStates } from '../message-row.ts';
import type { ListFilter } from '../requests.ts';
import type { Sql } from './database.ts';
import { conditionsOf } from './filter.ts';
import { decodeRow, type MessageRecord, selected } from './rows.ts';

const getStatement = `SELECT ${selected()} FROM commbox_gateway.messages m WHERE id = $1`;

/** One message. */
export async function getMessage(sql: Sql, id: string): Promise<MessageRow | null> {
  const [record] = await sql.query<MessageRecord>(getStatement, [id], 'get-message');
  return record === undefined ? null : decodeRow(record);
}

/**
 * A page of messages, newest first. Each state is searched on its own, by an index that holds its messages in order, and
 * the pages are merged: a page of rare ones costs no walk over the many others.
 */
export async function listMessages(
  sql: Sql,
  filter: ListFilter,
  limit: number,
  before: string | null,
): Promise<readonly MessageRow[]> {
  const states = statesOf(filter);
  if (states.length === 0) return [];
  const { conditions, values } = conditionsOf(filter, 3);
  const pageOf = (state: MessageState | null) => {
    const id = orderOf(filter, state);
    return `(
      SELECT ${selected()} FROM commbox_gateway.messages m
      WHERE ${stateIs(filter, state)} AND ${id} < $1 AND ${conditions}
      ORDER BY ${id} DESC LIMIT $2)`;
  };
  const statement = `
    SELECT * FROM (${states.map(pageOf).join(' UNION ALL ')}) AS pages ORDER BY id DESC LIMIT $2`;
  const records = await sql.query<MessageRecord>(statement, [before ?? '\u{10ffff}', limit, ...values]);
  return records.map(decodeRow);
}

// Each in the collation of the index that it is for (see `migrations.ts`).
function stateIs({ caller }: ListFilter, state: MessageState | null): string {
  if (state === null) return 'true';
  return caller === undefined ? `m.state COLLATE "POSIX" = '${state}'` : `m.state = '${state}'`;
}

// The index of a caller's messages is ordered within each state; without a caller, those of all states are in order.
function statesOf(filter: ListFilter): readonly (MessageState | null)[] {
  if (filter.states !== undefined) return messageStates.filter((state) => filter.states?.includes(state));
  return filter.caller === undefined ? [null] : messageStates;
}

// The primary key serves what nearly all messages are; everything else has an index of its own (see `migrations.ts`).
function orderOf({ caller, channel, stream, reference }: ListFilter, state: MessageState | null): string {
  const isSelection = [caller, channel, stream, reference].some((value) => value !== undefined);
  const isCommon = !isSelection && (state === null || state === 'sent');
  return isCommon ? 'm.id' : 'm.id COLLATE "POSIX"';
}
