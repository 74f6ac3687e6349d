import pg from 'pg';
import { StorageUnavailable } from '../errors.ts';
import { losesConnection, storageUnavailable, wasRolledBack } from './storage-errors.ts';

/** Runs statements: each on its own, or all in one transaction, depending on where it comes from. */
export interface Sql {
  /** Rows of one statement. Rejects with `StorageUnavailable`; inside a transaction that dooms the transaction. */
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[], name?: string): Promise<Row[]>;
}

/** The pool of connections. All methods reject with `StorageUnavailable`, and work again once the server does. */
export interface Database extends Sql {
  /**
   * One transaction. It is repeated if PostgreSQL undid it for the sake of another (deadlock, serialization), so
   * `work` must have no effects of its own. If the connection breaks during the commit the outcome is unknown, and
   * it rejects.
   */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /** Refuses further statements, waits for those under way, and resolves when all connections are closed. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** `postgres://user:password@host:port/name?sslmode=…`, as `pg` reads it. Never shown. */
  readonly databaseUrl: string;
  /** Most connections at a time. */
  readonly connections: number;
}

const CONNECT_TIMEOUT_MS = 5_000;
const LOCK_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 15_000;
// Later than the server's own limit: it fires only when the network swallows the answer.
const QUERY_TIMEOUT_MS = 20_000;
const IDLE_IN_TRANSACTION_MS = 60_000;
const KEEP_ALIVE_DELAY_MS = 10_000;
const TRIES = 4;
// Every statement has its index. A table that grew since it was last analyzed must not be read as a whole, and
// compiling a plan takes longer than such statements do.
const SESSION = 'SET enable_seqscan = off; SET jit = off';

/** What every connection to the database has in common. */
export function connectionOptions(databaseUrl: string): pg.ClientConfig {
  return {
    connectionString: databaseUrl,
    application_name: 'commbox-gateway',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
    types: { getTypeParser },
  };
}

/** Opens nothing yet: connections are made when they are needed. */
export function createDatabase(options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    ...connectionOptions(options.databaseUrl),
    max: options.connections,
    onConnect: async (client) => {
      await client.query(SESSION);
    },
  });
  // A connection that breaks while nobody uses it is replaced by the pool; one in use rejects its statement.
  pool.on('error', ignore);
  pool.on('connect', (client) => client.on('error', ignore));

  const running = new Set<Promise<unknown>>();
  let isClosed = false;

  async function tracked<T>(operation: () => Promise<T>): Promise<T> {
    if (isClosed) throw new StorageUnavailable('the store is closed');
    const run = attempt(operation);
    running.add(run);
    try {
      return await run;
    } finally {
      running.delete(run);
    }
  }

  async function withClient<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    const client = await pool.connect();
    let failure: unknown = null;
    try {
      return await work(sqlOf(client));
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      client.release(failure !== null && losesConnection(failure));
    }
  }

  return {
    query: (text, values, name) => tracked(() => withClient((sql) => sql.query(text, values, name))),
    transaction: (work) => tracked(() => withClient((sql) => inTransaction(sql, work))),
    async close() {
      isClosed = true;
      await Promise.allSettled(running);
      await pool.end();
    },
  };
}

// Errors pass unchanged here: whether the connection is still good, and whether to try again, depends on their codes.
function sqlOf(client: pg.PoolClient): Sql {
  return {
    async query<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = [], name?: string) {
      const { rows } = await client.query<Row>({ text, values: [...values], ...(name !== undefined && { name }) });
      return rows;
    },
  };
}

async function inTransaction<T>(sql: Sql, work: (sql: Sql) => Promise<T>): Promise<T> {
  await sql.query('BEGIN');
  try {
    const result = await work(sql);
    await sql.query('COMMIT');
    return result;
  } catch (error) {
    if (!losesConnection(error)) await sql.query('ROLLBACK');
    throw error;
  }
}

async function attempt<T>(operation: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await operation();
    } catch (error) {
      if (!wasRolledBack(error) || tried === TRIES) throw storageUnavailable(error);
    }
  }
}

const { INT8 } = pg.types.builtins;

// pg hands out 64-bit integers as text, because not all of them fit a number. Those of this schema must.
function getTypeParser(oid: number, format?: 'text' | 'binary') {
  return oid === INT8 && format !== 'binary' ? exactNumber : pg.types.getTypeParser(oid, format);
}

function exactNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number)) throw new RangeError('a stored number exceeds 2^53');
  return number;
}

function ignore(): void {}
