import type { Clock } from '../../kernel/clock.ts';
import type { Store } from '../store.ts';
import { addFresh, type FreshMessages, INSERTED, isFresh } from './fresh-rows.ts';
import { createGroupCommit } from './group-commit.ts';
import { insertBatch } from './insert-batch.ts';
import { checkedFiles } from './local-files.ts';
import { createLogTruncation } from './log-truncation.ts';
import { recordGroup } from './record-group.ts';
import { startThread } from './thread.ts';
import { createWriteBehind } from './write-behind.ts';

export interface SqliteStoreOptions {
  /** The database's file. Its directory must exist and belong to this process alone (see `lockDataDir`). */
  readonly file: string;
  /**
   * Name of this process. The same name at the next start lets it recover at once what it left behind when it died, so
   * a single process should always use the same.
   */
  readonly owner: string;
  readonly clock: Clock;
  /** Where the attachments of stored messages lie on this machine. */
  readonly spoolDirectory: string;
}

// Cancelling many is done in pieces, so that nothing else waits for all of them.
const CANCELED_AT_ONCE = 1_000;
// One process owns the file, so no other reports its pace.
const SELF = 'self';

/**
 * The embedded store, for one gateway process: an SQLite database on a thread of its own.
 *
 * Rejects with `StorageUnavailable` if the file cannot be used, with `SchemaTooNew` if a newer gateway wrote it; both
 * name the file.
 */
export async function createSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { file, owner, clock, spoolDirectory } = options;
  const thread = await startThread({ file, owner, spoolDirectory, openedAt: clock.now() });
  const truncation = createLogTruncation(clock, () => thread.truncateLog());
  // What an earlier process erased last may be in the log still.
  truncation.request();
  const commit = createGroupCommit(thread, truncation.request);
  const behind = createWriteBehind({ clock, write: (rows) => recordGroup(commit.call, rows, clock.now()) });
  let closing: Promise<void> | null = null;

  // What was recorded a moment ago must be seen by whoever asks now, and goes along with any commit for nothing.
  const call: typeof commit.call = (name, ...args) => {
    behind.flush();
    return commit.call(name, ...args);
  };

  const close = async () => {
    behind.flush();
    await commit.end();
    truncation.cancel();
    await thread.close();
  };

  return {
    async insert(messages) {
      const [message] = messages;
      const now = clock.now();
      if (message === undefined || messages.length > 1 || !isFresh(message)) return call('insert', messages, now);
      const fresh: FreshMessages = { cells: [], bodies: [] };
      addFresh(message, now, fresh);
      await call('insertFresh', fresh);
      return [INSERTED];
    },
    insertBatch: (messages, batch, answer, keepUntil) =>
      insertBatch(call, { messages, claim: batch, answer, keepUntil, now: clock.now() }),
    // A transaction of this process that failed was rolled back.
    wereStored: (rows) => Promise.all(rows.map(async ({ id }) => (await call('get', id)) !== null)),
    record: (row) => behind.add(row),
    findKey: (scope) => call('findKey', scope, clock.now()),
    findKeyed: (scopes) => call('findKeyed', scopes, clock.now()),
    forgetBatch: (key) => call('forgetBatch', key),
    take: (request) => call('take', request),
    undoTake: (account, takenAt) => call('undoTake', account, takenAt),
    begin: (id) => call('begin', id, clock.now()),
    settle: (settlements) => call('settle', settlements, clock.now()),
    cancel: (id, now, answerUntil) => call('cancel', id, now, answerUntil),
    async cancelMany(filter, now, answerUntil, told) {
      for (let total = 0; ; ) {
        const canceled = await call('cancelSome', filter, now, answerUntil, CANCELED_AT_ONCE);
        told?.(canceled);
        total += canceled.length;
        if (canceled.length < CANCELED_AT_ONCE) return total;
      }
    },
    resolve: (id, to) => call('resolve', id, to),
    get: (id) => call('get', id),
    list: (filter, limit, before) => call('list', filter, limit, before),
    readyFlows: (now) => call('readyFlows', now),
    backlog: () => call('backlog', clock.now()),
    queuedCount: () => call('queuedCount'),
    unknownCount: () => call('unknownCount'),
    position: (id, cap) => call('position', id, clock.now(), cap),
    heartbeat: (now, leaseMs) => call('heartbeat', now, leaseMs),
    recover: (now, resend, keepKeysUntil) => call('recover', { now, resend, keepKeysUntil }),
    expire: (now, limit, keepKeysUntil, reasons) => call('expire', now, limit, keepKeysUntil, reasons),
    takeUnreconciled: (turn) => call('takeUnreconciled', turn),
    reconciled: (id) => call('reconciled', id),
    sweep: (now, erasedBefore, deletedBefore, limit) => call('sweep', now, erasedBefore, deletedBefore, limit),
    neededFiles: () => call('neededFiles'),
    localFiles: checkedFiles,
    async exchangePacing({ account, report, publish }) {
      const published = await (publish === null ? call('pacing', account) : call('publishPacing', account, publish));
      return { self: SELF, reports: new Map([[SELF, report]]), ...published };
    },
    setPause: (pause, isPaused) => call('setPause', pause, isPaused),
    pauses: () => call('pauses'),
    // One process owns the file, so there is no other to hear of.
    onChange: () => () => undefined,
    secret: async () => Buffer.from(await call('secret')),
    check: () => call('check', clock.now()),
    close: () => (closing ??= close()),
  };
}
