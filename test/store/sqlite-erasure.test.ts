import { copyFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import t from 'tap';
import type { StoredFailure } from '../../src/store/message-row.ts';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { createRow, eventually, LEASE_MS, sent } from './contract/support.ts';
import { storeDirectory } from './sqlite-support.ts';

const CANARY = 'canary-0541234567';

function findings(file: string): string[] {
  const files = [file, `${file}-wal`, `${file}-shm`].filter((each) => existsSync(each));
  return files.filter((each) => readFileSync(each).includes(CANARY));
}

// Of ids of requests SQLite may leave a copy where it rearranged a page: docs/guarantees.md.
t.test('what a message said is in no file of the database a minute after it was erased', async (t) => {
  const clock = createManualClock();
  const { file, spoolDirectory } = storeDirectory(t);
  const store = await createSqliteStore({ file, owner: 'a', clock, spoolDirectory });
  t.teardown(() => store.close());
  await store.heartbeat(clock.now(), LEASE_MS);
  const failure: StoredFailure = {
    code: 'commbox_rejected',
    outcome: 'not_sent',
    detail: CANARY,
    upstream: { status: 400, description: CANARY },
  };
  const attachment = { path: `${spoolDirectory}/f`, name: CANARY, contentType: CANARY, size: 1, sha256: CANARY };
  const rows = Array.from({ length: 120 }, (_, i) =>
    createRow(clock.now(), {
      state: 'sending',
      payload:
        i % 3 === 0
          ? { kind: 'multipart', data: CANARY, files: [attachment] }
          : { kind: 'json', body: `${CANARY} `.repeat(1 + ((i * 37) % 400)) },
    }),
  );
  await store.insert(rows.map((row) => ({ row, key: { scope: `k-${row.id}`, fingerprint: 'f' } })));
  t.not(findings(file).length, 0, 'the search finds what is there');

  const until = clock.now() + 3_600_000;
  const answer = { status: 201, headers: {}, body: CANARY, isBinary: false };
  await store.settle(
    rows.map(({ id }, i) =>
      sent(id, clock.now(), {
        ...(i % 2 === 0 ? {} : { state: 'failed', failure, unclear: failure, erase: false }),
        key: { kind: 'keep', answer, until },
      }),
    ),
  );
  await store.sweep(until, clock.now() + 1, 0, 1_000);
  await clock.advance(60_000);
  await eventually(async () => {
    await store.get('msg_none');
    return statSync(`${file}-wal`).size === 0 || null;
  });
  t.strictSame(findings(file), []);
  t.equal((await store.list({}, 200, null)).length, 120, 'the ledger is still there');
});

t.test('nor what was erased just before the process died, once it runs again', async (t) => {
  const clock = createManualClock();
  const { file, spoolDirectory } = storeDirectory(t);
  const killed = await createSqliteStore({ file, owner: 'a', clock, spoolDirectory });
  await killed.heartbeat(clock.now(), LEASE_MS);
  const row = createRow(clock.now(), { state: 'sending', payload: { kind: 'json', body: CANARY } });
  await killed.insert([{ row, key: null }]);
  await killed.settle([sent(row.id, clock.now())]);
  const copy = storeDirectory(t);
  for (const end of ['', '-wal']) copyFileSync(`${file}${end}`, `${copy.file}${end}`);
  await killed.close();
  t.not(findings(copy.file).length, 0, 'the log still has it');

  const store = await createSqliteStore({ ...copy, owner: 'a', clock });
  t.teardown(() => store.close());
  await clock.advance(60_000);
  await eventually(async () => {
    await store.get('msg_none');
    return findings(copy.file).length === 0 || null;
  });
});
