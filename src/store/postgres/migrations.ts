import type { Migration } from '../migrations.ts';

/**
 * The schema, step by step. A step that was released is never changed: a database remembers only the number of the
 * last step it has seen. Everything lives in a schema of its own, so that a database can be shared.
 *
 * - `lease`: who answers for a message: set while it is `sending`, and for as long as a `sync` one is queued.
 * - `is_scheduled`: it was not ready when it was last queued. Such messages have an index of their own, so that a
 *   million of them cost those nothing that can go now.
 * - `is_recorded`: written behind by the process that sends it, see `Store.record`.
 * - Indexes that give a selection in the order of its ids name the collation POSIX, the primary key has C. Both sort
 *   alike, yet the planner holds them for different orders, so that a statement that asks for POSIX cannot be given to
 *   the primary key. That would pass over all other messages, which looks cheap as long as they are thought to be mixed
 *   evenly, and is not when a million of one kind are older than all of the other.
 * - `body`, `files`, `identity`, `answer` are text or `json`, not `jsonb`: `jsonb` cannot hold U+0000, which a
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
    identity json,
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
    was_reconciled boolean NOT NULL DEFAULT false
  );
  CREATE INDEX messages_to_take ON commbox_gateway.messages (account, id COLLATE "POSIX")
    WHERE state = 'queued' AND mode = 'async' AND NOT is_scheduled;
  CREATE INDEX messages_scheduled ON commbox_gateway.messages (account, ready_at, id)
    WHERE state = 'queued' AND mode = 'async' AND is_scheduled;
  CREATE INDEX messages_to_expire ON commbox_gateway.messages (expires_at)
    WHERE state = 'queued' AND mode = 'async' AND expires_at IS NOT NULL;
  CREATE INDEX messages_held ON commbox_gateway.messages (lease) WHERE lease IS NOT NULL;
  CREATE INDEX messages_to_reconcile ON commbox_gateway.messages (ended_at)
    WHERE state = 'unknown' AND NOT was_reconciled;
  CREATE INDEX messages_to_erase ON commbox_gateway.messages (ended_at)
    WHERE ended_at IS NOT NULL AND NOT is_erased;
  CREATE INDEX messages_with_files ON commbox_gateway.messages (id) WHERE files IS NOT NULL;
  CREATE INDEX messages_by_age ON commbox_gateway.messages (created_at);
  CREATE INDEX messages_by_state ON commbox_gateway.messages (state, id COLLATE "POSIX") WHERE state <> 'sent';
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

  CREATE TABLE commbox_gateway.installation (
    id integer PRIMARY KEY CHECK (id = 1),
    secret bytea NOT NULL
  );
  `,
  },
];
