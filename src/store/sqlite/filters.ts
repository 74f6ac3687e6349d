import { messageChannels } from '../../access/caller.ts';
import { messageStates } from '../message-row.ts';
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
 * and a wrong choice reads all messages. Where an index begins with something that the filter leaves open and that has
 * few values (the state, the channel), each of them is a branch of its own, and SQLite merges the branches in order,
 * reading no more of each than the page needs. So a list of everything costs no index of its own.
 */
export function selectMatching(filter: ListFilter, before: Place | null, alsoRequired?: string): Selection {
  const values: { [name: string]: string | number } = {};
  const conditions = alsoRequired === undefined ? [] : [alsoRequired];
  const require = (condition: string, name: string, value: string | number | undefined) => {
    if (value === undefined) return;
    conditions.push(condition);
    values[name] = value;
  };
  require('reference = :reference', 'reference', filter.reference);
  require('caller = :caller', 'caller', filter.caller);
  require('coalesce(stream, stream_id) = :stream', 'stream', filter.stream);
  require('created_at >= :from', 'from', filter.from);
  require('created_at < :to', 'to', filter.to);
  if (before !== null) {
    require('(created_at, seq) < (:beforeAt, :before)', 'before', before.seq);
    values['beforeAt'] = before.createdAt;
  }
  const driving = drivingIndex(filter);
  if (driving.first !== 'channel') require('channel = :channel', 'channel', filter.channel);
  if (driving.first !== 'state' && filter.states !== undefined) {
    conditions.push(`state IN (${literals(filter.states).join(', ')})`);
  }
  const branches = branchesOf(filter, driving).map((each) => select(driving.index, [...conditions, ...each]));
  return { sql: `SELECT seq FROM (${branches.join(' UNION ALL ')} ${ORDER}) LIMIT :limit`, values };
}

const ORDER = 'ORDER BY created_at DESC, seq DESC';

function select(index: string, conditions: readonly string[]): string {
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  return `SELECT seq, created_at FROM messages INDEXED BY ${index} ${where}`;
}

interface DrivingIndex {
  readonly index: string;
  /** What comes before the time in it and has few values. */
  readonly first?: 'state' | 'channel';
}

function drivingIndex(filter: ListFilter): DrivingIndex {
  if (filter.reference !== undefined) return { index: 'messages_by_reference' };
  if (filter.caller !== undefined) return { index: 'messages_by_caller', first: 'state' };
  // Nearly all messages are sent, which that index leaves out.
  if (filter.states?.length && !filter.states.includes('sent')) return { index: 'messages_by_state', first: 'state' };
  if (filter.stream !== undefined) return { index: 'messages_by_stream' };
  return { index: 'messages_by_channel', first: 'channel' };
}

/** What each branch asks for beyond what all do. */
function branchesOf({ states = messageStates, channel }: ListFilter, { index, first }: DrivingIndex): string[][] {
  if (first === undefined) return [[]];
  const wanted = first === 'state' ? states : channel === undefined ? messageChannels : [channel];
  const branches = literals(wanted).map((value) => [`${first} = ${value}`]);
  // SQLite uses a partial index only if its condition stands in the statement.
  if (index === 'messages_by_state') for (const branch of branches) branch.push("state <> 'sent'");
  return branches.length > 0 ? branches : [['false']];
}

const words: ReadonlySet<string> = new Set([...messageStates, ...messageChannels]);

/** States or channels as SQL. They become part of the text, because a partial index is only used for a literal. */
export function literals(values: readonly string[]): string[] {
  return [...new Set(values)].map((value) => {
    if (!words.has(value)) throw new TypeError('not a state or channel of a message');
    return `'${value}'`;
  });
}
