import t from 'tap';
import type { MessageRow } from '../../src/store/message-row.ts';
import type { Call } from '../../src/store/sqlite/call.ts';
import { createGroupCommit } from '../../src/store/sqlite/group-commit.ts';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { createRow, HOUR_MS, ids, keyed } from './contract/support.ts';
import { storeDirectory } from './sqlite-support.ts';

const clock = createManualClock();
const now = clock.now();
const row = (members: Partial<MessageRow> = {}) => createRow(now, members);

t.test('what is accepted at the same time is stored as it is, and one that cannot be holds up no other', async (t) => {
  const { file, spoolDirectory } = storeDirectory(t);
  const store = await createSqliteStore({ file, owner: 'a', clock, spoolDirectory });
  t.teardown(() => store.close());
  const known = row();
  await store.insert([{ row: known, key: null }]);
  const rows = Array.from({ length: 70 }, (_, i) =>
    row({
      caller: `caller-${i % 3}`,
      readyAt: i % 2 === 0 ? now : now + HOUR_MS,
      reference: `order ${i}`,
      expiresAt: now + 2 * HOUR_MS,
      payload: { kind: 'json', body: `{"data":{"Message":"שלום ${i}"}}` },
    }),
  );
  const again = { ...row(), id: known.id };
  const asked = [...rows.slice(0, 40), again, ...rows.slice(40)];
  const results = await Promise.allSettled(asked.map((each) => store.insert([{ row: each, key: null }])));
  t.strictSame(
    results.map(({ status }) => status),
    asked.map((each) => (each === again ? 'rejected' : 'fulfilled')),
  );
  for (const each of rows) t.strictSame(await store.get(each.id), each);
  t.strictSame(ids(await store.list({}, 100, null)), ids([known, ...rows]).toReversed());
  const backlog = await store.backlog();
  t.strictSame(
    backlog.map(({ caller, queued, due }) => [caller, queued, due]).sort(),
    [
      ['billing', 1, 1],
      ['caller-0', 24, 12],
      ['caller-1', 23, 11],
      ['caller-2', 23, 12],
    ],
    'and is counted',
  );
});

t.test('what is accepted together is stored in its order, whatever else is among it', async (t) => {
  const { file, spoolDirectory } = storeDirectory(t);
  const store = await createSqliteStore({ file, owner: 'a', clock, spoolDirectory });
  t.teardown(() => store.close());
  const rows = Array.from({ length: 60 }, () => row());
  const files = { kind: 'multipart', data: '{}', files: [] } as const;
  const plain = row({ mode: 'sync' });
  const odd = [row({ payload: files }), plain, row({ resendOf: 'msg_1' })];
  const messages = [...rows.slice(0, 30), ...odd, ...rows.slice(30)].map((each) => ({ row: each, key: null }));
  messages.splice(10, 0, keyed(row(), 'k') as never);
  const results = await store.insert(messages);
  t.strictSame(
    results,
    messages.map(() => ({ kind: 'inserted' })),
  );
  t.strictSame(ids(await store.list({}, 100, null)), ids(messages.map((each) => each.row)).toReversed());
  for (const each of messages) t.strictSame(await store.get(each.row.id), each.row);
});

t.test('one call inserts what was accepted in a row, and what fails with others is tried alone', async (t) => {
  const ran: Call[][] = [];
  const run = async (calls: readonly Call[]) => {
    ran.push([...calls]);
    const isAlone = ran.length > 1;
    const result = ({ name }: Call) =>
      name === 'insertFresh' && !isAlone
        ? { failure: { kind: 'fault', message: 'no', code: null } as const }
        : { value: name };
    return { results: calls.map(result), needsTruncation: false };
  };
  const commit = createGroupCommit({ run }, () => {});
  const fresh = (body: string) => commit.call('insertFresh', { cells: [body], bodies: [body] });
  const results = await Promise.all([fresh('a'), fresh('b'), commit.call('queuedCount'), fresh('c'), fresh('d')]);
  const bodies = ran.map((calls) => calls.map(({ name, args }) => (name === 'insertFresh' ? args[0] : name)));
  const both = (...of: string[]) => ({ cells: of, bodies: of });
  t.strictSame(bodies, [
    [both('a', 'b'), 'queuedCount', both('c', 'd')],
    [both('a'), both('b'), both('c'), both('d')],
  ]);
  t.strictSame(results, ['insertFresh', 'insertFresh', 'queuedCount', 'insertFresh', 'insertFresh']);
});
