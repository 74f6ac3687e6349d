import { closeSync, fsyncSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

export interface Prefill {
  /** The gateway's database; no process may have it open. */
  readonly file: string;
  /** Id of a stored message that all new ones are like. */
  readonly template: string;
  /** The state that it must be in. */
  readonly state: 'queued' | 'sent';
  readonly count: number;
  /** Tells these messages' ids from those of other calls: one digit. */
  readonly series: number;
}

// Nobody needs what a crash would leave of it.
const FAST = `
  PRAGMA journal_mode = OFF;
  PRAGMA synchronous = OFF;
  PRAGMA cache_size = -262144;
`;
const NUMBERS = `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count)`;
// Ids sort by age, and these before every real one: a ULID of our time begins with 01.
const NEW_ID = `'msg_00' || :series || printf('%023d', n)`;
/** What differs from the template, one message a millisecond, the last of them a second before it. */
const CHANGED: Readonly<Record<string, string>> = {
  id: NEW_ID,
  created_at: `t.created_at - 1000 - :count + n`,
  // Orders come in no order: an index over them is written all over.
  reference: `'order-' || (n * 7919 % 1000003)`,
};

/**
 * Copies a message many times over. So there are a million that the gateway itself stored, as far as it can tell, in
 * a minute instead of ten.
 * @throws if the template is in another state.
 */
export function prefill({ file, template, state, count, series }: Prefill): void {
  const database = new DatabaseSync(file);
  try {
    const found = database.prepare('SELECT state FROM messages WHERE id = :template').get({ template })?.['state'];
    if (found !== state) throw new Error(`the template is ${String(found)}, not ${state}`);
    database.exec(FAST);
    database.exec('BEGIN EXCLUSIVE');
    const last = Number(database.prepare('SELECT max(seq) AS seq FROM messages').get()?.['seq']);
    const columns = columnsOf(database, 'messages').filter((name) => name !== 'seq');
    database
      .prepare(`
        ${NUMBERS}
        INSERT INTO messages (${columns.join(', ')})
        SELECT ${columns.map((name) => CHANGED[name] ?? `t.${name}`).join(', ')}
        FROM numbers, messages AS t WHERE t.id = :template ORDER BY n`)
      .run({ count, series: String(series), template });
    const content = columnsOf(database, 'payloads').filter((name) => name !== 'message');
    database
      .prepare(`
        INSERT INTO payloads (message, ${content.join(', ')})
        SELECT m.seq, ${content.map((name) => `p.${name}`).join(', ')}
        FROM messages AS m, payloads AS p
        WHERE m.seq > :last AND p.message = (SELECT seq FROM messages WHERE id = :template) ORDER BY m.seq`)
      .run({ last, template });
    database.exec('COMMIT');
  } finally {
    database.close();
  }
  // What is not on disk yet would be written while something is measured.
  const descriptor = openSync(file, 'r+');
  fsyncSync(descriptor);
  closeSync(descriptor);
}

function columnsOf(database: DatabaseSync, table: string): string[] {
  return database
    .prepare('SELECT name FROM pragma_table_info(:table)')
    .all({ table })
    .map(({ name }) => String(name));
}
