import pg from 'pg';
import type { Clock } from '../../kernel/clock.ts';
import type { StoreChange } from '../requests.ts';
import { connectionOptions } from './database.ts';
import { createNews, type Kind, kinds } from './news.ts';

/** News between processes. Nothing may depend on it: what cannot be told is lost, and whoever waits must also poll. */
export interface Listener {
  /** Tells the other processes, soon. Null ids stand for "many". */
  tell(kind: Kind, ids: readonly string[] | null): void;
  /** Calls back for the changes of other processes, and after a gap with `id: null` for every kind. Returns how to stop. */
  onChange(listener: (change: StoreChange) => void): () => void;
  close(): Promise<void>;
}

const CHANNEL = 'commbox_gateway';
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;

/**
 * Listens and tells on one connection of its own, which is made again whenever it breaks. Telling is no part of the
 * transaction it tells of: NOTIFY takes a lock for which all transactions that notify queue up until they are on disk.
 * Resolves once it listens, or once the first try has failed.
 */
export async function createListener(options: {
  readonly databaseUrl: string;
  readonly clock: Clock;
}): Promise<Listener> {
  const { clock } = options;
  const listeners = new Set<(change: StoreChange) => void>();
  const news = createNews();
  let client: pg.Client | null = null;
  let isTelling = false;
  let isClosed = false;
  let retryMs = FIRST_RETRY_MS;
  let cancelRetry: () => void = () => undefined;

  const emit = (change: StoreChange) => {
    for (const listener of listeners) listener(change);
  };

  async function connect(): Promise<void> {
    const next = new pg.Client(connectionOptions(options.databaseUrl));
    let isLost = false;
    const lose = () => {
      if (isLost) return;
      isLost = true;
      if (client === next) client = null;
      next.end().catch(() => undefined);
      if (!isClosed) retry();
    };
    next.on('error', lose);
    next.on('end', lose);
    next.on('notification', ({ payload = '' }) => news.read(payload).forEach(emit));
    try {
      await next.connect();
      // News is worth nothing after a crash: no need to wait for the disk.
      await next.query('SET synchronous_commit = off');
      await next.query(`LISTEN ${CHANNEL}`);
    } catch {
      return lose();
    }
    if (isLost || isClosed) return lose();
    client = next;
    retryMs = FIRST_RETRY_MS;
    void tellAll();
  }

  function retry(): void {
    cancelRetry = clock.schedule(retryMs, async () => {
      await connect();
      if (client === null) return;
      for (const kind of kinds) emit({ kind, id: null });
    });
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
  }

  async function tellAll(): Promise<void> {
    if (isTelling) return;
    isTelling = true;
    const teller = client;
    try {
      for (let texts = news.take(); teller !== null && texts.length > 0; texts = news.take()) {
        await teller.query(`SELECT pg_notify('${CHANNEL}', text) FROM unnest($1::text[]) AS t(text)`, [texts]);
      }
    } catch {
      // A connection that cannot take a query hears nothing either; its end makes a new one.
      teller?.end().catch(() => undefined);
    } finally {
      isTelling = false;
    }
  }

  await connect();
  return {
    tell(kind, ids) {
      news.add(kind, ids);
      if (!isTelling) setImmediate(tellAll);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      isClosed = true;
      cancelRetry();
      listeners.clear();
      await client?.end().catch(() => undefined);
    },
  };
}
