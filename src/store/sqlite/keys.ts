import type { KeyClaim, KeyEffect, KeyedMessage, KeyRecord, StoredAnswer } from '../key-record.ts';
import type { StoreContext } from './context.ts';
import type { Cells } from './database.ts';
import { toJson } from './rows.ts';

/** Idempotency keys. A key past its time is as good as gone, swept or not. */
export interface Keys {
  find(scope: string, now: number): KeyRecord | null;
  /** The messages that keys stand for, by scope. */
  findKeyed(scopes: readonly string[], now: number): Map<string, KeyedMessage>;
  /** Only for a scope that `find` did not find. */
  claim(key: KeyClaim, messageId: string | null, answer: StoredAnswer | null, until: number | null, now: number): void;
  /** What becomes of the key of a message that was settled; nothing if it has none. */
  apply(messageId: string, effect: KeyEffect): void;
  /** Remembers the key of a message that ended until then, with the answer it has. */
  keepUntil(messageId: string, until: number): void;
  /** Forgets this key if it stands for a batch. */
  forgetBatch(key: KeyClaim): void;
  /** Forgets keys past their time, `limit` at most. Returns how many. */
  forget(now: number, limit: number): number;
}

const FIND = `
  SELECT fingerprint, message_id, answer FROM keys
  WHERE scope = :scope AND (until IS NULL OR until > :now)`;
const FIND_KEYED = `
  SELECT k.scope, k.fingerprint, m.id, m.state
  FROM json_each(:scopes) AS asked
  CROSS JOIN keys k ON k.scope = asked.value
  CROSS JOIN messages m ON m.id = k.message_id
  WHERE k.until IS NULL OR k.until > :now`;
const FORGET_IF_PAST = 'DELETE FROM keys WHERE scope = :scope AND until <= :now';
const CLAIM = `
  INSERT INTO keys (scope, fingerprint, message_id, answer, until)
  VALUES (:scope, :fingerprint, :messageId, :answer, :until)`;
const KEEP = 'UPDATE keys SET answer = :answer, until = :until WHERE message_id = :messageId';
const KEEP_AS_IT_IS = 'UPDATE keys SET until = :until WHERE message_id = :messageId';
const FREE = 'DELETE FROM keys WHERE message_id = :messageId';
const FORGET_BATCH = `
  DELETE FROM keys WHERE scope = :scope AND fingerprint = :fingerprint AND message_id IS NULL`;
const FORGET = `
  DELETE FROM keys WHERE rowid IN (SELECT rowid FROM keys WHERE until <= :now ORDER BY until LIMIT :limit)`;

export function createKeys({ database, erased }: StoreContext): Keys {
  return {
    find(scope, now) {
      const found = database.one(FIND, { scope, now });
      if (found === undefined) return null;
      return {
        fingerprint: found['fingerprint'] as string,
        messageId: found['message_id'] as string | null,
        answer: JSON.parse((found['answer'] as string | null) ?? 'null') as StoredAnswer | null,
      };
    },
    findKeyed(scopes, now) {
      const found = database.all(FIND_KEYED, { scopes: JSON.stringify(scopes), now });
      const messageOf = ({ fingerprint, id, state }: Cells) => ({ fingerprint, id, state }) as unknown as KeyedMessage;
      return new Map(found.map((cells) => [cells['scope'] as string, messageOf(cells)]));
    },
    claim({ scope, fingerprint }, messageId, answer, until, now) {
      if (database.run(FORGET_IF_PAST, { scope, now }) > 0) erased();
      database.run(CLAIM, { scope, fingerprint, messageId, answer: toJson(answer), until });
    },
    apply(messageId, effect) {
      if (effect.kind === 'free') database.run(FREE, { messageId });
      else database.run(KEEP, { messageId, answer: toJson(effect.answer), until: effect.until });
    },
    keepUntil: (messageId, until) => void database.run(KEEP_AS_IT_IS, { messageId, until }),
    forgetBatch({ scope, fingerprint }) {
      if (database.run(FORGET_BATCH, { scope, fingerprint }) > 0) erased();
    },
    forget(now, limit) {
      const count = database.run(FORGET, { now, limit });
      if (count > 0) erased();
      return count;
    },
  };
}
