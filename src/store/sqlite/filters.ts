import { type MessageState, messageStates } from '../message-row.ts';
import type { ListFilter } from '../requests.ts';
import type { NamedValues } from './database.ts';

export interface Selection {
  /** Selects `seq` of the messages that match, newest first, as many as `:limit`. */
  readonly sql: string;
  readonly values: NamedValues;
}

/** The place of a message in the order of a list, which is that of creation, then that of insertion. */
export interface Place {
  readonly createdAt: number;
  readonly seq: number;
}

/**
 * Builds the statement for a filter. The index is named outright: SQLite has no statistics of the data to choose by,
 * and a wrong choice reads all messages. Where an index begins with the state, each state is a branch of its own, and
 * SQLite merges the branches in order, reading no more of each than the page needs.
 */
export function selectMatching(filter: ListFilter, before: Place | null, alsoRequired?: string): Selection {
  const { index, perState, condition } = drivingIndex(filter);
  const values: { [name: string]: string | number } = {};
  const conditions = [condition, alsoRequired].filter((each) => each !== undefined);
  const require = (condition: string, name: string, value: string | number | undefined) => {
    if (value === undefined) return;
    conditions.push(condition);
    values[name] = value;
  };
  require('reference = :reference', 'reference', filter.reference);
  require('caller = :caller', 'caller', filter.caller);
  require('coalesce(stream, stream_id) = :stream', 'stream', filter.stream);
  require('channel = :channel', 'channel', filter.channel);
  require('created_at >= :from', 'from', filter.from);
  require('created_at < :to', 'to', filter.to);
  if (before !== null) {
    require('(created_at, seq) < (:beforeAt, :before)', 'before', before.seq);
    values['beforeAt'] = before.createdAt;
  }
  const states = [...new Set(filter.states ?? messageStates)].map((state) => `'${known(state)}'`);
  if (perState && states.length > 0) {
    const branches = states.map((state) => branch(index, [...conditions, `state = ${state}`]));
    return { sql: `SELECT seq FROM (${branches.join(' UNION ALL ')} ${ORDER}) LIMIT :limit`, values };
  }
  if (filter.states !== undefined) conditions.push(`state IN (${states.join(', ')})`);
  return { sql: `SELECT seq FROM (${branch(index, conditions)} ${ORDER}) LIMIT :limit`, values };
}

const ORDER = 'ORDER BY created_at DESC, seq DESC';

function branch(index: string, conditions: readonly string[]): string {
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  return `SELECT seq, created_at FROM messages INDEXED BY ${index} ${where}`;
}

interface DrivingIndex {
  readonly index: string;
  readonly perState: boolean;
  readonly condition?: string;
}

function drivingIndex(filter: ListFilter): DrivingIndex {
  if (filter.reference !== undefined) return { index: 'messages_by_reference', perState: false };
  if (filter.caller !== undefined) return { index: 'messages_by_caller', perState: true };
  // Nearly all messages are sent, which that index leaves out.
  if (filter.states?.length && !filter.states.includes('sent')) {
    // SQLite uses a partial index only if its condition stands in the statement.
    return { index: 'messages_by_state', perState: true, condition: "state <> 'sent'" };
  }
  if (filter.stream !== undefined) return { index: 'messages_by_stream', perState: false };
  if (filter.channel !== undefined) return { index: 'messages_by_channel', perState: false };
  return { index: 'messages_by_time', perState: false };
}

// States become part of the text, because a partial index is only used for a literal.
function known(state: MessageState): MessageState {
  if (!messageStates.includes(state)) throw new TypeError('not a state of a message');
  return state;
}
