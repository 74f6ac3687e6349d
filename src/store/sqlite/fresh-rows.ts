import type { SQLInputValue } from 'node:sqlite';
import type { MessageRow } from '../message-row.ts';
import type { InsertResult, NewMessage } from '../requests.ts';
import { alikeRows } from './alike-rows.ts';

/** `async` messages as they are accepted: nothing has happened to them, and no process holds them. */
export const freshRows = alikeRows(
  {
    mode: `'async'`,
    state: `'queued'`,
    attempts: `'[]'`,
    unclear: 'NULL',
    failure: 'NULL',
    object_id: 'NULL',
    sent_at: 'NULL',
    ended_at: 'NULL',
    lease: 'NULL',
    begun_at: 'NULL',
    is_recorded: '0',
  },
  ['line'],
);

/** A message of which {@link freshRows} and the text of its payload hold all there is to know. */
export interface Fresh {
  readonly row: MessageRow & { readonly payload: { readonly kind: 'json'; readonly body: string } };
  readonly key: null;
}

export function isFresh(message: NewMessage): message is Fresh {
  const { row, key } = message;
  return (
    key === null &&
    row.mode === 'async' &&
    row.state === 'queued' &&
    row.payload?.kind === 'json' &&
    row.attempts.length === 0 &&
    row.unclear === null &&
    row.failure === null &&
    row.objectId === null &&
    row.sentAt === null &&
    row.endedAt === null
  );
}

/** Where a waiting `async` message stands: see `sqliteMigrations`. */
export function lineOf(readyAt: number, now: number): 'ready' | 'later' {
  return readyAt <= now ? 'ready' : 'later';
}

export const INSERTED: InsertResult = { kind: 'inserted' };

/** Fresh messages, as they cross between threads. */
export interface FreshMessages {
  readonly cells: SQLInputValue[];
  /** Of their payloads. */
  readonly bodies: string[];
}

export function addFresh({ row }: Fresh, now: number, { cells, bodies }: FreshMessages): void {
  freshRows.addCells(row, cells, lineOf(row.readyAt, now));
  bodies.push(row.payload.body);
}
