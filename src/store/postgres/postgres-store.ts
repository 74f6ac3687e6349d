import type { Clock } from '../../kernel/clock.ts';
import type { Store } from '../store.ts';
import { countUnknown, createBacklog } from './backlog.ts';
import { cancelMatching, cancelMessage } from './cancel.ts';
import { createCopies } from './copies.ts';
import { createDatabase, type Database } from './database.ts';
import { filesOf, localFiles } from './files.ts';
import { findPosition, findReadyFlows } from './flows.ts';
import { createInserting } from './inserting.ts';
import { createSecret } from './installation.ts';
import { findKeyed, findKeys, forgetBatch } from './keys.ts';
import { createLease, type Lease } from './lease.ts';
import { createLedger } from './ledger.ts';
import { getMessage, listMessages } from './list.ts';
import { createListener, type Listener } from './listener.ts';
import { createLostInserts } from './lost-inserts.ts';
import { migrate } from './migrate.ts';
import { exchangePacing } from './pacing.ts';
import { listPauses, setPause } from './pauses.ts';
import { createQueuedCount } from './queued-count.ts';
import { markReconciled, takeUnreconciledMessage } from './reconcile.ts';
import { recoverOrphans } from './recover.ts';
import { resolveMessage } from './resolve.ts';
import { createSettling } from './settling.ts';
import { expireMessages, findNeededFiles, sweepMessages } from './sweep.ts';
import { beginMessage, takeMessages, undoTake } from './take.ts';

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/name?sslmode=…`, as `pg` reads it. Never shown in an error. */
  readonly databaseUrl: string;
  /** Name of this process, different from that of every other one. A process of the same name ends its predecessor's lease. */
  readonly owner: string;
  readonly clock: Clock;
  /** Where attachments of messages lie on this machine, and are fetched to. Must exist when messages are taken. */
  readonly spoolDirectory: string;
  /** Most connections for statements; one more listens. Default 10. */
  readonly connections?: number;
  /** Whose clock judges leases and the age of reports: `server` (default) is right for replicas, `injected` for tests. */
  readonly leasesJudgedBy?: 'server' | 'injected';
}

/**
 * The store that several gateways share: a PostgreSQL database, in which everything lives in the schema
 * `commbox_gateway`. Brings that up to date first.
 *
 * Rejects with `StorageUnavailable` if the database cannot be reached, with `SchemaTooNew` if a newer gateway has been
 * there, with `UnusableDatabase` if it is older than PostgreSQL 15 or its encoding not UTF8. Durable as far as the
 * server is: with `synchronous_commit = off` a crash of the server may lose the last moments.
 */
export async function createPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const { databaseUrl, owner, clock, connections = 10, leasesJudgedBy = 'server' } = options;
  await migrate(databaseUrl);
  const database = createDatabase({ databaseUrl, connections });
  try {
    const lease = await createLease({ database, owner, clock, judgedBy: leasesJudgedBy });
    const listener = await createListener({ databaseUrl, clock });
    return assemble(options, { database, lease, listener });
  } catch (error) {
    await database.close();
    throw error;
  }
}

interface Parts {
  readonly database: Database;
  readonly lease: Lease;
  readonly listener: Listener;
}

function assemble({ clock, spoolDirectory }: PostgresStoreOptions, { database, lease, listener }: Parts): Store {
  const copies = createCopies({ spoolDirectory, clock });
  const inserting = createInserting({ database, lease, clock, copies, listener });
  const lostInserts = createLostInserts(database, clock);
  const settling = createSettling({ database, lease, copies, listener });
  const ledger = createLedger({ database, lease, clock });
  const backlog = createBacklog(database, clock);
  const queued = createQueuedCount(backlog, clock);
  const secret = createSecret(database);
  let closing: Promise<void> | null = null;

  listener.onChange(({ kind, id }) => {
    if (kind === 'settled' && id !== null) void copies.discard(id);
  });
  const tellSettled = (ids: readonly string[] | null) => {
    if (ids === null || ids.length > 0) listener.tell('settled', ids);
  };

  async function close(): Promise<void> {
    await Promise.all([inserting.idle(), lostInserts.idle(), settling.idle()]);
    // What the database does not take now is lost, or ended by another process: there is no one left to wait for it.
    await ledger.flush().catch(() => undefined);
    await lease.giveBack().catch(() => undefined);
    await listener.close();
    await database.close();
  }

  return {
    async insert(messages) {
      const results = await inserting.insert(messages);
      queued.stored(messages, results);
      return results;
    },
    async insertBatch(messages, key, answer, keepUntil) {
      const batch = await inserting.insertBatch({ messages, key, answer, keepUntil: Math.ceil(keepUntil) });
      if (batch.kind === 'inserted') queued.stored(messages, batch.results);
      return batch;
    },
    wereStored: lostInserts.add,
    record: ledger.record,
    findKey: async (scope) => (await findKeys(database, [scope], Math.ceil(clock.now()))).get(scope) ?? null,
    findKeyed: (scopes) => findKeyed(database, scopes, Math.ceil(clock.now())),
    forgetBatch: (key) => forgetBatch(database, key),

    take: (request) => takeMessages(database, { ...request, now: Math.ceil(request.now) }, lease.id),
    undoTake: (account, takenAt) => undoTake(database, account, Math.ceil(takenAt), lease.id),
    begin: (id) => beginMessage(database, id, lease.id, Math.ceil(clock.now())),
    settle: settling.settle,

    async cancel(id, now, answerUntil) {
      const isCanceled = await cancelMessage(database, id, Math.ceil(now), Math.ceil(answerUntil));
      if (isCanceled) tellSettled([id]);
      return isCanceled;
    },
    async cancelMany(filter, now, answerUntil, told) {
      const canceled = await cancelMatching(database, filter, Math.ceil(now), Math.ceil(answerUntil), told);
      if (canceled > 0) tellSettled(null);
      return canceled;
    },
    async resolve(id, to) {
      await ledger.flush();
      const isResolved = await resolveMessage(database, id, to);
      if (isResolved) tellSettled([id]);
      return isResolved;
    },

    async get(id) {
      await ledger.flush();
      return getMessage(database, id);
    },
    async list(filter, limit, before) {
      await ledger.flush();
      return listMessages(database, filter, limit, before);
    },

    readyFlows: (now) => findReadyFlows(database, Math.ceil(now)),
    backlog: backlog.flows,
    unknownCount: () => countUnknown(database),
    queuedCount: queued.now,
    position: (id, cap) => findPosition(database, id, cap, Math.ceil(clock.now())),

    heartbeat: (_now, leaseMs) => lease.renew(Math.ceil(leaseMs)),
    async recover(now, resend, keepKeysUntil) {
      const request = { now: Math.ceil(now), resend, keepKeysUntil: Math.ceil(keepKeysUntil) };
      const ids = await database.transaction((sql) => recoverOrphans(sql, lease, request));
      tellSettled(ids);
      return ids;
    },
    async expire(now, limit, keepKeysUntil, reasons) {
      const expired = await expireMessages(database, Math.ceil(now), limit, Math.ceil(keepKeysUntil), reasons);
      tellSettled(expired.map(({ id }) => id));
      return expired;
    },
    takeUnreconciled: (turn) => takeUnreconciledMessage(database, turn),
    reconciled: (id) => markReconciled(database, id),
    async sweep(now, erasedBefore, deletedBefore, limit) {
      const until = {
        now: Math.ceil(now),
        erasedBefore: Math.ceil(erasedBefore),
        deletedBefore: Math.ceil(deletedBefore),
      };
      const { files, more } = await database.transaction((sql) => sweepMessages(sql, until, limit));
      const unneeded = more ? [] : await copies.unneeded(() => findNeededFiles(database));
      return { files: [...files, ...unneeded], more };
    },
    neededFiles: () => findNeededFiles(database),
    async localFiles(row) {
      const files = await localFiles(database, spoolDirectory, row);
      if (row.mode === 'async' && filesOf(row).length > 0) copies.keep(row.id, files);
      return files;
    },

    async exchangePacing(exchange) {
      const { view, isPublished } = await exchangePacing(database, lease, exchange);
      if (isPublished || exchange.isUrgent) listener.tell('pacing', [exchange.account]);
      return view;
    },
    async setPause(pause, isPaused) {
      const isChanged = await setPause(database, pause, isPaused);
      // Whether or not it was so already: a process that missed it the first time hears of it now.
      listener.tell('pauses', null);
      return isChanged;
    },
    pauses: () => listPauses(database),

    onChange: listener.onChange,
    secret,
    async check() {
      await database.query('UPDATE commbox_gateway.replicas SET lease_until = lease_until WHERE lease = $1', [
        lease.id,
      ]);
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}
