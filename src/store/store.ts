import type { SpooledFile } from '../attachments/spool.ts';
import type { Flow, FlowBacklog, PacingExchange, PacingView, Pause } from './flows.ts';
import type { KeyClaim, KeyedMessage, KeyRecord, StoredAnswer } from './key-record.ts';
import type { MessageRow } from './message-row.ts';
import type {
  EndedMessage,
  ExpiryReason,
  InsertResult,
  ListFilter,
  LookupTurn,
  NewMessage,
  Resolution,
  Settlement,
  StoreChange,
  TakeRequest,
} from './requests.ts';

/**
 * Where messages live. Every method is one transaction that is on disk when its promise resolves, except
 * `record`, which may be written behind. Methods reject with `StorageUnavailable` only, unless they say otherwise.
 *
 * Every process has a lease, begun by its first `heartbeat` and renewed by the others. A row is `sending` under the
 * lease of the process that took it; once a lease has run out, `recover` of any other process takes its rows over.
 * Until that happened the lease still counts as held. Opening a store with the owner id of an earlier process ends that
 * process's lease, so that a restart recovers at once.
 *
 * A message with an unclear attempt never becomes `canceled`, `expired` or `failed`: where a method below says so, it
 * becomes `unknown` instead, with `unclear` as its `failure`.
 *
 * Erasing a message removes payload, request id (then empty) and traceparent.
 */
export interface Store {
  /** Inserts all messages, or of each whose key is taken nothing: results in order. Rows may be queued or sending. */
  insert(messages: readonly NewMessage[]): Promise<readonly InsertResult[]>;

  /** Claims a key for a batch, with its answer, in the same transaction as `insert` of its messages. */
  insertBatch(
    messages: readonly NewMessage[],
    batch: KeyClaim | null,
    answer: (results: readonly InsertResult[]) => StoredAnswer,
    keepUntil: number,
  ): Promise<
    | { readonly kind: 'inserted'; readonly results: readonly InsertResult[] }
    | { readonly kind: 'taken'; readonly record: KeyRecord }
  >;

  /**
   * Which of these messages are stored, in order, after an `insert` of them that rejected: its transaction may have been
   * committed all the same, or be about to be. Those that are not stored never will be: the rows, which are those of
   * ended messages, take their places.
   */
  wereStored(rows: readonly MessageRow[]): Promise<readonly boolean[]>;

  /**
   * Writes the ledger rows of plain messages, new or changed, soon: at most 1 s later; this process reads them at once.
   * Never rejects. Such rows belong to their process alone, since nothing is committed before it sends: `cancel`,
   * `cancelMany` and `expire` pass them over, `recover` does not.
   */
  record(row: MessageRow): void;

  /** Null if the key is not known or past its time; `insert` and `insertBatch` claim such a key anew. */
  findKey(scope: string): Promise<KeyRecord | null>;
  /**
   * The messages that keys stand for, by scope, read at once. Left out are keys that `findKey` does not know, those of
   * batches, and those whose message is not kept any more.
   */
  findKeyed(scopes: readonly string[]): Promise<ReadonlyMap<string, KeyedMessage>>;
  /** Forgets this key if it stands for a batch, of which nothing will be sent. */
  forgetBatch(key: KeyClaim): Promise<void>;

  /**
   * Moves up to `limit` queued `async` messages of each pick that are ready and not expired, oldest first, to `sending`
   * under this process's lease. No message is ever taken by two processes. Resolves with them in the order of the
   * picks; its cost does not depend on how many messages wait.
   */
  take(request: TakeRequest): Promise<readonly MessageRow[]>;

  /**
   * Moves back to queued what `take` with this account and `now` moved, as far as it is still `sending` under this
   * process's lease. For a `take` that rejected, which may have been committed all the same: after one that resolved, it
   * would put back what is being sent. Resolves with how many.
   */
  undoTake(account: string, takenAt: number): Promise<number>;

  /** Moves one queued message of this process (mode `sync`) to `sending`. False if it is not queued any more. */
  begin(id: string): Promise<boolean>;

  /**
   * Applies the changes to messages that are `sending` (or, for mode `sync`, queued) under this process's lease, each
   * on its own: false for those that it no longer holds.
   */
  settle(settlements: readonly Settlement[]): Promise<readonly boolean[]>;

  /**
   * Queued to canceled. An `async` message keeps its key, one that becomes `unknown` too; what a caller waited for frees
   * it. Exactly one of this and `take` wins.
   */
  cancel(id: string, now: number, answerUntil: number): Promise<boolean>;
  /**
   * The same for all that match, in several transactions if they are many; resolves with how many. Where it rejects,
   * some may be canceled. `told` hears of those of each transaction.
   */
  cancelMany(
    filter: ListFilter,
    now: number,
    answerUntil: number,
    told?: (canceled: readonly EndedMessage[]) => void,
  ): Promise<number>;

  /** `unknown` to `sent` or `failed`, by reconciliation or by hand. False if it is not `unknown`, or its object another's. */
  resolve(id: string, to: Resolution): Promise<boolean>;

  get(id: string): Promise<MessageRow | null>;
  /** Newest first; only rows older than `before`, if given. Stays fast at a million rows. */
  list(filter: ListFilter, limit: number, before: string | null): Promise<readonly MessageRow[]>;

  /** The flows from which `take` would give something now. Its cost depends on the number of flows only. */
  readyFlows(now: number): Promise<readonly Flow[]>;
  /** What waits in every flow that has queued `async` messages; may be a second old, or more where very many wait. */
  backlog(): Promise<readonly FlowBacklog[]>;
  /** The sum of that, for `QUEUE_LIMIT`; as old as that may be. */
  queuedCount(): Promise<number>;
  /** Messages that are `unknown` now. */
  unknownCount(): Promise<number>;
  /** How many ready `async` messages of its flow go before this one. May count up to `cap` only. */
  position(id: string, cap: number): Promise<number>;

  /**
   * Renews this process's lease. False if another process's `recover` found that it had run out: what was held is lost,
   * and a new lease has begun.
   */
  heartbeat(now: number, leaseMs: number): Promise<boolean>;
  /**
   * Ends what processes without a lease left behind: `sending` becomes `unknown` (or queued again, `readyAt` later, if
   * it carries `onUnknown: resend` and has attempts left), queued `sync` becomes `failed` and frees its key. Resolves
   * with the ids that changed.
   */
  recover(
    now: number,
    resend: { readonly attempts: number; readonly delayMs: number },
    keepKeysUntil: number,
  ): Promise<readonly string[]>;
  /**
   * Queued `async` messages past `expiresAt` become `expired`. Resolves with them; call again while it is `limit`. The
   * failure of each is that of the first reason which fits it, null if none does.
   */
  expire(
    now: number,
    limit: number,
    keepKeysUntil: number,
    reasons: readonly ExpiryReason[],
  ): Promise<readonly EndedMessage[]>;
  /**
   * The `unknown` message of an account that has been due to be looked for the longest; null if none is. It is due again
   * after its back-off, whatever becomes of this process, until `reconciled` or `times` ends that. Never given to two at once.
   */
  takeUnreconciled(turn: LookupTurn): Promise<MessageRow | null>;
  /** A lookup of this message got an answer: it is not given out again. */
  reconciled(id: string): Promise<void>;
  /**
   * Erases payloads of final messages ended before `erasedBefore`, forgets keys past their time, and deletes messages
   * ended before `deletedBefore`, `limit` of each at most. Resolves with the spool names no longer needed, and whether
   * there is more to do.
   */
  sweep(
    now: number,
    erasedBefore: number,
    deletedBefore: number,
    limit: number,
  ): Promise<{ readonly files: readonly string[]; readonly more: boolean }>;
  /** Last path segments of the spool files that stored messages still need. */
  neededFiles(): Promise<ReadonlySet<string>>;
  /**
   * Makes the files of a taken message readable on this machine, e.g. fetches them from the database. Rejects with
   * `AttachmentDamaged` if one is missing or is not what was stored.
   */
  localFiles(row: MessageRow): Promise<readonly SpooledFile[]>;

  /**
   * Reports this process's part in an account's pace and reads those of the others, atomically. Only processes with a
   * lease count.
   */
  exchangePacing(exchange: PacingExchange): Promise<PacingView>;
  /** Sets or lifts an operator's stop, for all processes. False if it was so already. */
  setPause(pause: Pause, isPaused: boolean): Promise<boolean>;
  pauses(): Promise<readonly Pause[]>;

  /** Calls back when something changed in another process. Returns how to stop. */
  onChange(listener: (change: StoreChange) => void): () => void;
  /** Secret of this installation for HMACs, made once. 32 bytes. */
  secret(): Promise<Buffer>;
  /** Rejects with `StorageUnavailable` if the store cannot write now. */
  check(): Promise<void>;
  /** Writes out what `record` holds, gives the lease back and closes. Harmless if repeated; other calls then reject. */
  close(): Promise<void>;
}
