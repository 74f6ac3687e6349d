import type { Clock } from '../../kernel/clock.ts';
import type { MessageRow } from '../message-row.ts';
import { type Batcher, createBatcher } from './batcher.ts';
import type { Database, Sql } from './database.ts';
import { columnArrays, columnNames, columnTypes } from './rows.ts';

// Whoever asks has lost a connection, and the server may still be at the statement that came by it, or has not even read
// it. This one waits for the end of those that store a message with such an id, for as long as the server lets any
// statement run. What comes after it finds the id taken, and stores nothing at all.
const patienceStatement = 'SET LOCAL lock_timeout = 0';
const names = columnNames.join(', ');
const takePlaceStatement = `
  INSERT INTO commbox_gateway.messages (${names}) SELECT * FROM unnest(${columnTypes})
  ON CONFLICT (id) DO NOTHING
  RETURNING id`;

const ROWS_PER_STATEMENT = 200;
const STATEMENTS_AT_ONCE = 2;

/** Says which messages are stored whose insert got no answer, and keeps the others out. */
export function createLostInserts(
  database: Database,
  clock: Clock,
): Pick<Batcher<never, never>, 'idle'> & { add(rows: readonly MessageRow[]): Promise<boolean[]> } {
  const batcher = createBatcher<MessageRow, boolean>({
    run: (rows) => database.transaction((sql) => takePlaces(sql, rows, clock.now())),
    maxItems: ROWS_PER_STATEMENT,
    parallel: STATEMENTS_AT_ONCE,
    isolates: () => false,
  });
  return { idle: batcher.idle, add: (rows) => Promise.all(rows.map(batcher.add)) };
}

async function takePlaces(sql: Sql, rows: readonly MessageRow[], now: number): Promise<boolean[]> {
  await sql.query(patienceStatement);
  // Ended rows belong to no process.
  const values = columnArrays(rows, { lease: '', now, isRecorded: false });
  const taken = new Set((await sql.query<{ id: string }>(takePlaceStatement, values)).map(({ id }) => id));
  return rows.map(({ id }) => !taken.has(id));
}
