import type { Migration } from '../migrations.ts';

/**
 * The schema, step by step. A step that was released is never changed: a database remembers only the number of the
 * last step it has seen. Everything lives in a schema of its own, so that a database can be shared.
 *
 * - `lease`: who answers for a message: set while it is `sending`, and for as long as a `sync` one is queued.
 * - `is_scheduled`: it was not ready when it was accepted, and was never taken. Such messages have an index of their own,
 *   so that a million of them cost those nothing that can go now. A message that was refused once is among the ready
 *   ones again, in its old place, before its time too: those are few, and the index passes over them by itself.
 * - `lookup_from`: set with the first lookup of an `unknown` message: the next one is due as long after it as the first
 *   was due after `ended_at`.
 * - `is_recorded`: written behind by the process that sends it, see `Store.record`.
 * - Indexes that give a selection in the order of its ids name the collation POSIX, the primary key has C. Both sort
 *   alike, yet the planner holds them for different orders, so that a statement that asks for POSIX cannot be given to
 *   the primary key. That would pass over all other messages, which looks cheap as long as they are thought to be mixed
 *   evenly, and is not when a million of one kind are older than all of the other. The index of what is to be taken has
 *   a third name of the same order, ucs_basic: a caller's queued messages, or all of them, are no way to those of a flow.
 *   So has the state in the index of states, for statements that do not ask for it by that name (see `judged`).
 * - `pacing_reports`: worth nothing after a crash of the server, hence unlogged: reporting waits for no disk. Reports go
 *   with the lease that they were made under.
 * - `body`, `files`, `answer` are text or `json`, not `jsonb`: `jsonb` cannot hold U+0000, which a
 *   message's text may contain.
 */
export const migrations: readonly Migration[] = [
  {
    version: 1,
    sql: `
  CREATE TABLE commbox_gateway.messages (
    id text COLLATE "C" PRIMARY KEY,
    caller text COLLATE "C" NOT NULL,
    account text COLLATE "C" NOT NULL,
    channel text COLLATE "C" NOT NULL,
    stream text COLLATE "C",
    stream_id text COLLATE "C" NOT NULL,
    lane text COLLATE "C" NOT NULL,
    mode text COLLATE "C" NOT NULL,
    reference text COLLATE "C",
    on_unknown text NOT NULL,
    sends_to_client boolean NOT NULL,
    created_at bigint NOT NULL,
    send_at bigint,
    expires_at bigint,
    request_id text NOT NULL,
    traceparent text,
    resend_of text,
    state text COLLATE "C" NOT NULL,
    body text,
    files json,
    payload_bytes bigint NOT NULL,
    attempts jsonb NOT NULL,
    unclear jsonb,
    failure jsonb,
    object_id text,
    sent_at bigint,
    ended_at bigint,
    ready_at bigint NOT NULL,
    lease uuid,
    taken_at bigint,
    is_scheduled boolean NOT NULL,
    is_recorded boolean NOT NULL,
    is_erased boolean NOT NULL,
    was_reconciled boolean NOT NULL DEFAULT false,
    lookups integer NOT NULL DEFAULT 0,
    lookup_from bigint
  );
  CREATE INDEX messages_to_take ON commbox_gateway.messages
    (account, lane, caller, id COLLATE "ucs_basic", ready_at, (coalesce(expires_at, 9223372036854775807)))
    WHERE state = 'queued' AND mode = 'async' AND NOT is_scheduled;
  CREATE INDEX messages_scheduled ON commbox_gateway.messages
    (account, lane, caller, ready_at, id, (coalesce(expires_at, 9223372036854775807)))
    WHERE state = 'queued' AND mode = 'async' AND is_scheduled;
  CREATE INDEX messages_to_expire ON commbox_gateway.messages (expires_at)
    WHERE state = 'queued' AND mode = 'async' AND expires_at IS NOT NULL;
  CREATE INDEX messages_held ON commbox_gateway.messages (lease) WHERE lease IS NOT NULL;
  CREATE INDEX messages_to_reconcile ON commbox_gateway.messages (account, (coalesce(lookup_from, ended_at)))
    WHERE state = 'unknown' AND NOT was_reconciled;
  CREATE INDEX messages_to_erase ON commbox_gateway.messages (ended_at)
    WHERE ended_at IS NOT NULL AND NOT is_erased;
  CREATE INDEX messages_with_files ON commbox_gateway.messages (id) WHERE files IS NOT NULL;
  CREATE INDEX messages_by_age ON commbox_gateway.messages (created_at);
  CREATE INDEX messages_by_state ON commbox_gateway.messages (state COLLATE "POSIX", id COLLATE "POSIX")
    WHERE state COLLATE "POSIX" <> 'sent';
  CREATE INDEX messages_by_caller ON commbox_gateway.messages (caller, state, id COLLATE "POSIX");
  CREATE INDEX messages_by_channel ON commbox_gateway.messages (channel, id COLLATE "POSIX");
  CREATE INDEX messages_by_stream ON commbox_gateway.messages (coalesce(stream, stream_id), id COLLATE "POSIX");
  CREATE INDEX messages_by_reference ON commbox_gateway.messages (reference, id COLLATE "POSIX") WHERE reference IS NOT NULL;

  CREATE TABLE commbox_gateway.idempotency_keys (
    scope text COLLATE "C" PRIMARY KEY,
    fingerprint text NOT NULL,
    message_id text COLLATE "C",
    answer json,
    keep_until bigint
  );
  CREATE INDEX idempotency_keys_by_message ON commbox_gateway.idempotency_keys (message_id) WHERE message_id IS NOT NULL;
  CREATE INDEX idempotency_keys_to_forget ON commbox_gateway.idempotency_keys (keep_until) WHERE keep_until IS NOT NULL;

  CREATE TABLE commbox_gateway.message_files (
    message_id text COLLATE "C" NOT NULL
      REFERENCES commbox_gateway.messages (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    file_no integer NOT NULL,
    chunk_no integer NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (message_id, file_no, chunk_no)
  );
  ALTER TABLE commbox_gateway.message_files ALTER COLUMN bytes SET STORAGE EXTERNAL;

  CREATE TABLE commbox_gateway.replicas (
    lease uuid PRIMARY KEY,
    owner text NOT NULL,
    lease_until bigint NOT NULL
  );

  CREATE TABLE commbox_gateway.pacing (
    account text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    state text NOT NULL
  );
  CREATE UNLOGGED TABLE commbox_gateway.pacing_reports (
    account text COLLATE "C" NOT NULL,
    lease uuid NOT NULL REFERENCES commbox_gateway.replicas (lease) ON DELETE CASCADE,
    report text NOT NULL,
    reported_at bigint NOT NULL,
    PRIMARY KEY (account, lease)
  );
  CREATE TABLE commbox_gateway.pauses (
    account text COLLATE "C" NOT NULL,
    lane text COLLATE "C",
    caller text COLLATE "C",
    since bigint NOT NULL,
    UNIQUE NULLS NOT DISTINCT (account, lane, caller)
  );

  CREATE TABLE commbox_gateway.installation (
    id integer PRIMARY KEY CHECK (id = 1),
    secret bytea NOT NULL
  );
  `,
  },
  {
    version: 2,
    sql: 'ALTER TABLE commbox_gateway.messages ADD COLUMN keeps_raw_answer boolean NOT NULL DEFAULT false',
  },
];
