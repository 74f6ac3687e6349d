import type { SQLInputValue } from 'node:sqlite';
import t from 'tap';
import { messageStates } from '../../src/store/message-row.ts';
import type { ListFilter } from '../../src/store/requests.ts';
import type { Call } from '../../src/store/sqlite/call.ts';
import type { Database, Values } from '../../src/store/sqlite/database.ts';
import { sentRows } from '../../src/store/sqlite/sent-rows.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { createRow, picking } from './contract/support.ts';
import { call, startEngine } from './sqlite-support.ts';

const now = createManualClock().now();

/** Every statement that ran, with the steps SQLite takes for it. */
function watched(plans: Map<string, readonly string[]>): (database: Database) => Database {
  return (database) => {
    const note = (sql: string) => {
      if (plans.has(sql) || !/^\s*(SELECT|UPDATE|DELETE|INSERT|WITH)/.test(sql)) return;
      plans.set(sql, []);
      const steps = database.all(`EXPLAIN QUERY PLAN ${sql}`).map(({ detail }) => String(detail));
      plans.set(sql, steps);
    };
    const noting =
      <T>(run: (sql: string, values?: Values) => T) =>
      (sql: string, values?: Values): T => {
        note(sql);
        return run(sql, values);
      };
    return {
      all: noting(database.all),
      one: noting(database.one),
      run: noting(database.run),
      insert: noting(database.insert),
      close: database.close,
      get isTransaction() {
        return database.isTransaction;
      },
    };
  };
}

t.test('no operation reads through all messages, payloads or keys', async (t) => {
  const plans = new Map<string, readonly string[]>();
  const engine = startEngine(t, watched(plans));
  const [row, sync] = [createRow(now), createRow(now, { mode: 'sync' })];
  const recorded: SQLInputValue[] = [];
  sentRows.addCells(createRow(now, { state: 'sent', endedAt: now }), recorded);
  const key = { scope: 'k', fingerprint: 'f' };
  const answer = { status: 200, headers: {}, body: '', isBinary: false };
  const end = { state: 'failed', attempt: null, endedAt: now, erase: false } as const;
  const results = engine.run([
    call(
      'insert',
      [
        { row, key },
        { row: sync, key: null },
      ],
      now,
    ),
    call('insertBatch', {
      messages: [],
      claim: { ...key, scope: 'b' },
      foreseen: [],
      answer,
      keepUntil: 1,
      now,
    }),
    call('record', [createRow(now)], now),
    call('recordSent', [...recorded, ...recorded]),
    call('readyFlows', now),
    call('backlog', now),
    call('position', row.id, now, 10),
    call('take', picking(now, 10)),
    call('settle', [{ ...end, id: row.id, state: 'queued', readyAt: now + 9, key: null }], now),
    call('position', row.id, now, 10),
    call('queuedCount'),
    call('publishPacing', 'default', { state: 's', version: 0 }),
    call('publishPacing', 'default', { state: 's', version: 1 }),
    call('setPause', { account: 'default', lane: null, caller: null, since: now }, true),
    call('pauses'),
    call('setPause', { account: 'default', lane: null, caller: null, since: now }, false),
    call('begin', sync.id, now),
    call(
      'settle',
      [{ ...end, id: sync.id, state: 'unknown', erase: true, key: { kind: 'keep', answer, until: 1 } }],
      now,
    ),
    call('takeUnreconciled', { account: 'default', now: now + 1, afterMs: 1, mostMs: 4, times: 9 }),
    call('reconciled', sync.id),
    call('resolve', sync.id, { state: 'sent', objectId: null, now }),
    call('heartbeat', now, 10),
    call('recover', { now, resend: { attempts: 3, delayMs: 1 }, keepKeysUntil: now }),
    call('expire', now, 10, now, []),
    call('cancel', row.id, now, now),
    call('sweep', now, now + 1, now + 1, 10),
    call('findKey', 'k', now),
    call('findKeyed', ['k'], now),
    call('forgetBatch', key),
    call('get', row.id),
    call('check', now),
  ]);
  t.strictSame(
    results.filter((result) => 'failure' in result),
    [],
  );
  t.ok(plans.size > 40);
  for (const [sql, steps] of plans) {
    // "SCAN messages USING INDEX messages_held" reads what is in flight; every other index would be read as a whole.
    const wide = steps.filter(
      (step) => /SCAN (m|messages|p|payloads|keys)\b/.test(step) && !/messages_held/.test(step),
    );
    t.strictSame(wide, [], sql);
  }
});

t.test('what shares out the quota seeks in each flow, and reads of it no more than it needs', async (t) => {
  const plans = new Map<string, readonly string[]>();
  const engine = startEngine(t, watched(plans));
  const row = createRow(now);
  engine.run([call('insert', [{ row, key: null }], now)]);
  const stepsOf = (asked: Call, ...parts: readonly RegExp[]) => {
    plans.clear();
    t.notMatch(engine.run([asked])[0], { failure: {} });
    const about = [...plans].filter(([sql]) => parts.some((part) => part.test(sql))).flatMap(([, steps]) => steps);
    t.notMatch(about.join(), /TEMP B-TREE/, asked.name);
    return about.filter((step) => / (messages|flows|m|f)\b/.test(step));
  };
  const ofFlow = 'account=? AND lane=? AND caller=?';
  const ready = `USING COVERING INDEX messages_ready (${ofFlow}`;
  const expiring = `USING INDEX messages_expiring (${ofFlow} AND line=?`;
  const due = `USING COVERING INDEX messages_due (${ofFlow} AND line=?`;
  const later = `${due} AND ready_at<?)`;

  t.strictSame(stepsOf(call('take', picking(now, 10)), /messages_/), [
    'SEARCH messages USING INTEGER PRIMARY KEY (rowid=?)',
    `SEARCH messages ${later}`,
    `SEARCH messages ${ready} AND id<?)`,
  ]);
  // There is a row for each flow in `flows`, however many messages wait in it.
  t.strictSame(stepsOf(call('readyFlows', now), /./), [
    'SCAN f',
    `SEARCH m ${expiring} AND expires_at>?)`,
    `SEARCH m ${expiring} AND expires_at=?)`,
    `SEARCH m ${later}`,
  ]);
  t.strictSame(stepsOf(call('expire', now, 10, now, []), /messages_/).slice(0, 3), [
    'SEARCH messages USING INTEGER PRIMARY KEY (rowid=?)',
    'SCAN f',
    `SEARCH m USING COVERING INDEX messages_expiring (${ofFlow} AND line=? AND expires_at<?)`,
  ]);
  t.strictSame(stepsOf(call('backlog', now), /./), [
    'SCAN f',
    `SEARCH m ${later}`,
    `SEARCH m ${due})`,
    `SEARCH m ${due})`,
  ]);
  t.strictSame(stepsOf(call('queuedCount'), /./), ['SCAN flows']);
});

t.test('a page of a list reads no more than the page, whatever the filter', async (t) => {
  const plans = new Map<string, readonly string[]>();
  const engine = startEngine(t, watched(plans));
  const row = createRow(now);
  engine.run([call('insert', [{ row, key: null }], now)]);
  plans.clear();
  const members: ListFilter = { caller: 'c', channel: 'sms', stream: 's', reference: 'r', from: 1, to: 2 };
  const names = Object.keys(members) as (keyof ListFilter)[];
  const statesToTry = [undefined, ['failed'], ['queued', 'sent'], messageStates] as const;
  for (let choice = 0; choice < 2 ** names.length; choice++) {
    const chosen = Object.fromEntries(names.filter((_, i) => choice & (2 ** i)).map((name) => [name, members[name]]));
    for (const states of statesToTry) {
      const filter: ListFilter = { ...chosen, ...(states && { states }) };
      for (const before of [null, row.id]) engine.run([call('list', filter, 10, before)]);
      engine.run([call('cancelSome', filter, now, now, 10)]);
    }
  }
  t.ok(plans.size > 300);
  for (const [sql, steps] of plans) {
    const wide = steps.filter((step) => /TEMP B-TREE|SCAN messages/.test(step));
    t.strictSame(wide, [], sql);
  }
});
