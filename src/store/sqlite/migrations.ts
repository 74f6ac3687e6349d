import type { Migration } from '../migrations.ts';

/**
 * Schema of the embedded store. `messages` holds what outlives erasure; everything of a customer lies in `payloads`,
 * `files` and `keys`, so that erasing is deleting rows.
 *
 * `line` is set while an async message waits: `ready`, or `later` until its `ready_at`. Partial indexes on it begin
 * with the flow, so that taking from one costs the same however many messages are scheduled, done, or waiting in others.
 * An index on changing columns leaves out `sent` messages where it can, since those are nearly all. Each index is a tenth
 * of what accepting a message costs here: there is none for what another serves as well, in several searches.
 *
 * Triggers keep in `flows` how many messages stand in a line of each, and how many of these in `ready`, because counting a
 * million of them takes a tenth of a second, and every accepted message asks. A flow stays when its count is 0: there are
 * few, and most come again.
 *
 * `lookup_from` is set with the first lookup of an `unknown` message: the next one is due as long after it as the first
 * was due after `ended_at`.
 *
 * Lists go by `created_at`, then by `seq`, which every index ends with and an id would only make wider: nearly half of
 * what a sent message costs is writing its indexes.
 */
export const sqliteMigrations: readonly Migration[] = [
  {
    version: 1,
    sql: `
      CREATE TABLE meta (
        name TEXT PRIMARY KEY,
        value ANY NOT NULL
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE leases (
        id TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        ends_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE messages (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        caller TEXT NOT NULL,
        account TEXT NOT NULL,
        channel TEXT NOT NULL,
        stream TEXT,
        stream_id TEXT NOT NULL,
        lane TEXT NOT NULL,
        mode TEXT NOT NULL,
        reference TEXT,
        on_unknown TEXT NOT NULL,
        sends_to_client INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        send_at INTEGER,
        expires_at INTEGER,
        request_id TEXT NOT NULL,
        traceparent TEXT,
        resend_of TEXT,
        state TEXT NOT NULL,
        payload_bytes INTEGER NOT NULL,
        attempts TEXT NOT NULL,
        unclear TEXT,
        failure TEXT,
        object_id TEXT,
        sent_at INTEGER,
        ended_at INTEGER,
        ready_at INTEGER NOT NULL,
        line TEXT,
        lease TEXT,
        begun_at INTEGER,
        is_recorded INTEGER NOT NULL DEFAULT 0,
        is_reconciled INTEGER NOT NULL DEFAULT 0,
        lookups INTEGER NOT NULL DEFAULT 0,
        lookup_from INTEGER,
        is_erased INTEGER NOT NULL DEFAULT 0
      ) STRICT;
      CREATE INDEX messages_ready ON messages (account, lane, caller, id, expires_at, ready_at)
        WHERE line = 'ready';
      CREATE INDEX messages_later ON messages (account, lane, caller, ready_at, id, expires_at)
        WHERE line = 'later';
      CREATE INDEX messages_due ON messages (account, lane, caller, ready_at) WHERE line IS NOT NULL;
      CREATE INDEX messages_expiring ON messages (account, lane, caller, line, expires_at) WHERE line IS NOT NULL;
      CREATE INDEX messages_held ON messages (lease) WHERE lease IS NOT NULL;
      CREATE INDEX messages_unreconciled ON messages (account, coalesce(lookup_from, ended_at))
        WHERE state = 'unknown' AND is_reconciled = 0;
      CREATE INDEX messages_ended ON messages (is_erased, ended_at) WHERE ended_at IS NOT NULL;
      CREATE INDEX messages_by_time ON messages (created_at);
      CREATE INDEX messages_by_caller ON messages (caller, state, created_at);
      CREATE INDEX messages_by_state ON messages (state, created_at) WHERE state <> 'sent';
      CREATE INDEX messages_by_stream ON messages (coalesce(stream, stream_id), created_at);
      CREATE INDEX messages_by_channel ON messages (channel, created_at);
      CREATE INDEX messages_by_reference ON messages (reference, created_at) WHERE reference IS NOT NULL;

      CREATE TABLE flows (
        account TEXT NOT NULL,
        lane TEXT NOT NULL,
        caller TEXT NOT NULL,
        queued INTEGER NOT NULL,
        PRIMARY KEY (account, lane, caller)
      ) STRICT, WITHOUT ROWID;
      CREATE TRIGGER count_inserted AFTER INSERT ON messages WHEN new.line IS NOT NULL BEGIN
        INSERT INTO flows (account, lane, caller, queued) VALUES (new.account, new.lane, new.caller, 1)
          ON CONFLICT (account, lane, caller) DO UPDATE SET queued = queued + 1;
      END;
      CREATE TRIGGER count_queued AFTER UPDATE OF line ON messages
      WHEN new.line IS NOT NULL AND old.line IS NULL BEGIN
        INSERT INTO flows (account, lane, caller, queued) VALUES (new.account, new.lane, new.caller, 1)
          ON CONFLICT (account, lane, caller) DO UPDATE SET queued = queued + 1;
      END;
      CREATE TRIGGER count_left AFTER UPDATE OF line ON messages
      WHEN old.line IS NOT NULL AND new.line IS NULL BEGIN
        UPDATE flows SET queued = queued - 1
        WHERE account = old.account AND lane = old.lane AND caller = old.caller;
      END;
      CREATE TRIGGER count_deleted AFTER DELETE ON messages WHEN old.line IS NOT NULL BEGIN
        UPDATE flows SET queued = queued - 1
        WHERE account = old.account AND lane = old.lane AND caller = old.caller;
      END;

      CREATE TABLE payloads (
        message INTEGER PRIMARY KEY REFERENCES messages (seq) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        body TEXT NOT NULL
      ) STRICT;

      CREATE TABLE files (
        message INTEGER NOT NULL REFERENCES payloads (message) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        segment TEXT NOT NULL,
        name TEXT NOT NULL,
        content_type TEXT,
        size INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        PRIMARY KEY (message, position)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE keys (
        scope TEXT PRIMARY KEY,
        fingerprint TEXT NOT NULL,
        message_id TEXT,
        answer TEXT,
        until INTEGER
      ) STRICT;
      CREATE INDEX keys_by_message ON keys (message_id) WHERE message_id IS NOT NULL;
      CREATE INDEX keys_by_time ON keys (until) WHERE until IS NOT NULL;

      CREATE TABLE pacing (
        account TEXT PRIMARY KEY,
        state TEXT NOT NULL,
        version INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE pauses (
        account TEXT NOT NULL,
        lane TEXT,
        caller TEXT,
        since INTEGER NOT NULL
      ) STRICT;
      CREATE UNIQUE INDEX pauses_of ON pauses (account, ifnull(lane, ''), ifnull(caller, ''));
    `,
  },
  {
    version: 2,
    sql: `
      ALTER TABLE flows ADD COLUMN ready INTEGER NOT NULL DEFAULT 0;
      UPDATE flows AS f SET ready = (
        SELECT count(*) FROM messages m INDEXED BY messages_ready
        WHERE line = 'ready' AND m.account = f.account AND m.lane = f.lane AND m.caller = f.caller
      );
      DROP TRIGGER count_inserted;
      DROP TRIGGER count_queued;
      DROP TRIGGER count_left;
      DROP TRIGGER count_deleted;
      CREATE TRIGGER count_inserted AFTER INSERT ON messages WHEN new.line IS NOT NULL BEGIN
        INSERT INTO flows (account, lane, caller, queued, ready)
          VALUES (new.account, new.lane, new.caller, 1, new.line = 'ready')
          ON CONFLICT (account, lane, caller) DO UPDATE SET queued = queued + 1, ready = ready + excluded.ready;
      END;
      CREATE TRIGGER count_queued AFTER UPDATE OF line ON messages
      WHEN new.line IS NOT NULL AND old.line IS NULL BEGIN
        INSERT INTO flows (account, lane, caller, queued, ready)
          VALUES (new.account, new.lane, new.caller, 1, new.line = 'ready')
          ON CONFLICT (account, lane, caller) DO UPDATE SET queued = queued + 1, ready = ready + excluded.ready;
      END;
      CREATE TRIGGER count_moved AFTER UPDATE OF line ON messages
      WHEN new.line IS NOT NULL AND old.line IS NOT NULL AND new.line <> old.line BEGIN
        UPDATE flows SET ready = ready + iif(new.line = 'ready', 1, -1)
        WHERE account = new.account AND lane = new.lane AND caller = new.caller;
      END;
      CREATE TRIGGER count_left AFTER UPDATE OF line ON messages
      WHEN old.line IS NOT NULL AND new.line IS NULL BEGIN
        UPDATE flows SET queued = queued - 1, ready = ready - (old.line = 'ready')
        WHERE account = old.account AND lane = old.lane AND caller = old.caller;
      END;
      CREATE TRIGGER count_deleted AFTER DELETE ON messages WHEN old.line IS NOT NULL BEGIN
        UPDATE flows SET queued = queued - 1, ready = ready - (old.line = 'ready')
        WHERE account = old.account AND lane = old.lane AND caller = old.caller;
      END;
    `,
  },
  {
    version: 3,
    sql: 'ALTER TABLE messages ADD COLUMN keeps_raw_answer INTEGER NOT NULL DEFAULT 0',
  },
  {
    version: 4,
    sql: `
      DROP INDEX messages_by_time;
      DROP INDEX messages_later;
      DROP INDEX messages_due;
      CREATE INDEX messages_due ON messages (account, lane, caller, line, ready_at, id, expires_at)
        WHERE line IS NOT NULL;
    `,
  },
];
