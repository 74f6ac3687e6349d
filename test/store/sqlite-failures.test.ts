import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import t from 'tap';
import { StorageUnavailable } from '../../src/store/errors.ts';
import type { MessageRow } from '../../src/store/message-row.ts';
import { SchemaTooNew } from '../../src/store/migrations.ts';
import { createDatabase, openDatabase } from '../../src/store/sqlite/database.ts';
import { createEngine } from '../../src/store/sqlite/engine.ts';
import { toError } from '../../src/store/sqlite/failures.ts';
import { createGroupCommit } from '../../src/store/sqlite/group-commit.ts';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { createWriteBehind } from '../../src/store/sqlite/write-behind.ts';
import { createManualClock, settle } from '../support/manual-clock.ts';
import { createRow, picking } from './contract/support.ts';
import { call, startEngine, storeDirectory } from './sqlite-support.ts';

const clock = createManualClock();
const row = (members: Partial<MessageRow> = {}) => createRow(clock.now(), members);
const insert = (...rows: MessageRow[]) =>
  call(
    'insert',
    rows.map((each) => ({ row: each, key: null })),
    clock.now(),
  );
const large = (): MessageRow => row({ payload: { kind: 'json', body: 'secret '.repeat(100_000) } });

t.test('of calls that are committed together, one that fails takes nothing with it', async (t) => {
  const engine = startEngine(t);
  const [first, last] = [row(), row()];
  const results = engine.run([insert(first), insert(row(), first), insert(last), call('get', last.id)]);
  t.match(results, [{ value: [{ kind: 'inserted' }] }, { failure: { kind: 'fault' } }, {}, { value: { id: last.id } }]);
  t.match(engine.run([call('list', {}, 10, null)]), [{ value: [{ id: last.id }, { id: first.id }] }]);
});

t.test('the count of what waits follows every way in and out of the queue', async (t) => {
  const engine = startEngine(t);
  const now = clock.now();
  const count = () => {
    const [counted] = engine.run([call('queuedCount')]);
    return counted !== undefined && 'value' in counted ? counted.value : counted;
  };
  const rows = Array.from({ length: 5 }, () => row());
  const plain = row({ mode: 'sync' });
  engine.run([insert(...rows, row({ state: 'failed', endedAt: 1 })), call('record', [plain], now)]);
  t.equal(count(), 5, 'a plain message waits in its process');
  engine.run([call('record', [{ ...plain, state: 'sent', endedAt: 1 }], now)]);
  t.equal(count(), 5);
  engine.run([call('take', picking(now, 2)), insert(row(), row({ id: rows[0]?.id ?? '' }))]);
  t.equal(count(), 3, 'a call that failed counts nothing');
  const back = { id: rows[0]?.id ?? '', state: 'queued', attempt: null, erase: false, key: null } as const;
  engine.run([call('settle', [back], now), call('cancelSome', {}, now, now, 1), call('sweep', now, 0, now + 1, 9)]);
  t.equal(count(), 3);
});

t.test('a full disk refuses what does not fit, loses nothing, and goes on when there is room', async (t) => {
  let limit = (_pages: number) => {};
  const engine = startEngine(t, (database) => {
    limit = (pages) => void database.one(`PRAGMA max_page_count = ${pages}`);
    return database;
  });
  const [before, small] = [row(), row()];
  engine.run([insert(before)]);
  limit(60);
  const [full, fits, read] = engine.run([insert(large()), insert(small), call('get', before.id)]);
  if (full === undefined || !('failure' in full)) throw new Error('it fitted');
  const error = toError(full.failure);
  t.type(error, StorageUnavailable);
  t.match(error.message, /gateway\.db: the disk is full$/);
  t.match(error.cause, { message: 'SQLite result code 13' });
  t.match(fits, { value: [{ kind: 'inserted' }] });
  t.match(read, { value: { id: before.id } });
  limit(100_000);
  t.match(engine.run([insert(large())]), [{ value: [{ kind: 'inserted' }] }]);
});

t.test('a database that became read-only still answers what only reads', async (t) => {
  const { file, spoolDirectory } = storeDirectory(t);
  openDatabase(file).close();
  const connection = new DatabaseSync(file);
  const database = createDatabase(connection);
  const engine = createEngine({ database, place: file, owner: 'a', spoolDirectory, openedAt: clock.now() });
  t.teardown(() => engine.close());
  const known = row();
  engine.run([insert(known)]);
  connection.exec('PRAGMA query_only = ON');
  const results = engine.run([call('check', clock.now()), insert(row()), call('get', known.id)]);
  t.match(results, [
    { failure: { kind: 'unavailable', message: /gateway\.db: it is read-only$/ } },
    { failure: { kind: 'unavailable' } },
    { value: { id: known.id } },
  ]);
});

t.test('a database that is damaged, foreign or out of reach is named at the start', async (t) => {
  const open = (file: string, spoolDirectory: string) =>
    createSqliteStore({ file, owner: 'a', clock: createManualClock(), spoolDirectory });
  const { file, spoolDirectory } = storeDirectory(t);
  const expectFailure = (message: RegExp) => t.rejects(open(file, spoolDirectory), { message });

  writeFileSync(file, 'this is a diary, and not a database at all\n'.repeat(100));
  await expectFailure(/gateway\.db: it is not an SQLite database$/);
  t.match(String(readFileSync(file)), /^this is a diary/, 'it is left as it was');
  await t.rejects(open(spoolDirectory, spoolDirectory), { message: /spool/ });
  await t.rejects(open(`${dirname(file)}/none/gateway.db`, spoolDirectory), { message: /none\/gateway\.db/ });

  writeFileSync(file, '');
  await (await open(file, spoolDirectory)).close();
  const bytes = readFileSync(file);
  writeFileSync(file, Buffer.concat([bytes.subarray(0, 100), Buffer.alloc(bytes.length - 100, 0x5a)]));
  await expectFailure(/gateway\.db: it is damaged; restore it from a backup$/);
});

t.test('a database of a newer gateway is refused and left alone', async (t) => {
  const { file, spoolDirectory } = storeDirectory(t);
  openDatabase(file).close();
  const newer = new DatabaseSync(file);
  newer.exec('PRAGMA user_version = 999; CREATE TABLE of_the_future (a)');
  newer.close();
  const opening = createSqliteStore({ file, owner: 'a', clock, spoolDirectory });
  await t.rejects(opening, SchemaTooNew);
  await t.rejects(opening, {
    message: /gateway\.db has schema version 999, and this gateway knows versions up to \d+/,
  });
});

t.test('the database is for its owner alone', async (t) => {
  const { file, spoolDirectory } = storeDirectory(t);
  const store = await createSqliteStore({ file, owner: 'a', clock, spoolDirectory });
  for (const each of [file, `${file}-wal`]) t.equal(statSync(each).mode & 0o777, 0o600, each);
  await store.close();
});

t.test('what was recorded during an outage is written after it', async (t) => {
  const clock = createManualClock();
  const written: string[] = [];
  let isDown = true;
  const behind = createWriteBehind({
    clock,
    async write(rows) {
      if (isDown) throw new StorageUnavailable('the disk is full');
      written.push(...rows.map(({ id }) => id));
    },
  });
  const [first, second] = [row(), row()];
  behind.add(first);
  await clock.advance(1_000);
  behind.add(second);
  await clock.advance(5_000);
  isDown = false;
  await clock.advance(1_000);
  t.strictSame(written.sort(), [first.id, second.id]);
  t.equal(clock.pending, 0);
});

t.test('a thread that is gone fails what waits for it, and the next calls', async (t) => {
  const failing = createGroupCommit({ run: () => Promise.reject(new StorageUnavailable('gone')) }, () => {});
  await t.rejects(failing.call('check', 1), StorageUnavailable);
  await t.rejects(failing.call('check', 1), StorageUnavailable);
  await settle();
});

t.test('a lease that was taken away is told of, whatever fails beside that', async (t) => {
  let takeAway = () => {};
  const engine = startEngine(t, (database) => {
    takeAway = () => void database.run('DELETE FROM leases');
    return database;
  });
  const known = row();
  engine.run([insert(known)]);
  takeAway();
  engine.run([call('take', picking(clock.now(), 1))]);
  const beat = call('heartbeat', clock.now(), 1_000);
  t.match(engine.run([beat, insert(known)]), [{ value: false }, { failure: {} }]);
  t.match(engine.run([beat]), [{ value: true }]);
});
