import { DatabaseSync } from 'node:sqlite';
import t from 'tap';
import { openDatabase } from '../../src/store/sqlite/database.ts';
import { sqliteMigrations } from '../../src/store/sqlite/migrations.ts';
import { storeDirectory } from './sqlite-support.ts';

const insert = `
  INSERT INTO messages (id, caller, account, channel, stream_id, lane, mode, on_unknown, sends_to_client, created_at,
    request_id, state, payload_bytes, attempts, ready_at, line)
  VALUES (?, ?, 'default', 'sms', '532', 'normal', 'async', 'hold', 0, 1, '', 'queued', 2, '[]', 1, ?)`;

t.test('what waited before the ready ones were counted is counted when the gateway is updated', async (t) => {
  const { file } = storeDirectory(t);
  const old = new DatabaseSync(file);
  old.exec(`${sqliteMigrations[0]?.sql}; PRAGMA user_version = 1`);
  const lines = { shop: ['ready', 'ready', 'later', null], news: ['later'], quiet: [null] };
  for (const [caller, those] of Object.entries(lines)) {
    those.forEach((line, i) => void old.prepare(insert).run(`msg_${caller}${i}`, caller, line));
  }
  old.close();

  const database = openDatabase(file);
  t.teardown(() => database.close());
  const counts = () =>
    database.all('SELECT caller, queued, ready FROM flows ORDER BY caller').map((row) => ({ ...row }));
  const news = { caller: 'news', queued: 1, ready: 0 };
  t.strictSame(counts(), [news, { caller: 'shop', queued: 3, ready: 2 }]);
  database.run("UPDATE messages SET line = 'ready' WHERE id = 'msg_shop2'");
  t.strictSame(counts(), [news, { caller: 'shop', queued: 3, ready: 3 }]);
  database.run("UPDATE messages SET line = NULL WHERE caller = 'shop'");
  database.run("DELETE FROM messages WHERE caller = 'news'");
  t.strictSame(counts(), [
    { ...news, queued: 0 },
    { caller: 'shop', queued: 0, ready: 0 },
  ]);
});
