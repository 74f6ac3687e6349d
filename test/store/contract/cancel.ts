import type { Test } from 'tap';
import type { ExpiryReason } from '../../../src/store/requests.ts';
import type { CreatePlace } from '../contract.ts';
import { HOUR_MS, ids, insertRows, keyed, picking, stage, stateOf, unclear } from './support.ts';

const anything: ExpiryReason = {
  ...{ account: null, lane: null, caller: null },
  failure: { code: 'overloaded', outcome: 'not_sent', detail: 'too late', upstream: null },
};

/** A message is either sent or taken back, never both. */
export async function cancelContract(t: Test, createPlace: CreatePlace): Promise<void> {
  await t.test('a queued message is canceled once, and its key is remembered until its time', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const message = row();
    await store.insert([keyed(message, 'k')]);
    t.equal(await store.cancel(message.id, clock.now(), clock.now() + HOUR_MS), true);
    t.equal(await store.cancel(message.id, clock.now(), clock.now() + HOUR_MS), false);
    t.equal(await store.cancel('msg_none', clock.now(), clock.now()), false);
    t.strictSame(await store.get(message.id), { ...message, state: 'canceled', endedAt: clock.now() });
    t.strictSame(await store.take(picking(clock.now(), 1)), []);
    t.match(await store.findKey('k'), { messageId: message.id, answer: null });
    await clock.advance(HOUR_MS + 1);
    t.equal(await store.findKey('k'), null);
  });

  await t.test('one whose caller waits frees its key, unless it may have arrived once', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const [store, other] = [await process('a'), await process('b')];
    const attempts = [{ at: 1, durationMs: 1, outcome: 'unclear', upstreamStatus: null }];
    const [one, many] = [row({ mode: 'sync' }), row({ mode: 'sync', reference: 'many' })];
    const doubtful = row({ mode: 'sync', reference: 'many', unclear, attempts, onUnknown: 'resend' });
    const kept = [doubtful, row({ reference: 'many' })];
    await store.insert([keyed(one, 'one'), keyed(many, 'many'), ...kept.map((each, n) => keyed(each, `kept-${n}`))]);
    const until = clock.now() + HOUR_MS;
    t.equal(await other.cancel(one.id, clock.now(), until), true);
    t.equal(await other.cancelMany({ reference: 'many' }, clock.now(), until), 3);
    t.equal(await stateOf(store, many.id), 'canceled');
    t.strictSame([await store.findKey('one'), await store.findKey('many')], [null, null]);
    for (const [n, { id }] of kept.entries()) t.match(await store.findKey(`kept-${n}`), { messageId: id });
    await clock.advance(HOUR_MS + 1);
    for (const n of kept.keys()) t.equal(await store.findKey(`kept-${n}`), null);
  });

  await t.test('exactly one of canceling and beginning wins', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const [store, other] = [await process('a'), await process('b')];
    const rows = Array.from({ length: 40 }, () => row({ mode: 'sync' }));
    await insertRows(store, ...rows);
    const races = await Promise.all(
      ids(rows).map((id, index) => {
        const cancel = () => other.cancel(id, clock.now(), clock.now());
        const first = index % 2 === 0 ? cancel() : null;
        return Promise.all([store.begin(id), first ?? cancel()]);
      }),
    );
    for (const [begun, canceled] of races) t.not(begun, canceled);
    const states = await Promise.all(ids(rows).map((id) => stateOf(store, id)));
    t.strictSame(
      states,
      races.map(([begun]) => (begun ? 'sending' : 'canceled')),
    );
  });

  await t.test('exactly one of canceling and taking wins', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const [store, other] = [await process('a'), await process('b')];
    const rows = Array.from({ length: 60 }, () => row());
    await insertRows(store, ...rows);
    const take = (limit: number) => store.take(picking(clock.now(), limit));
    const [taken, canceled] = await Promise.all([
      Promise.all(Array.from({ length: 6 }, () => take(10))),
      Promise.all(
        ids(rows)
          .reverse()
          .map((id) => other.cancel(id, clock.now(), clock.now())),
      ),
    ]);
    const takenIds = ids([...taken.flat(), ...(await take(60))]);
    t.equal(takenIds.length + canceled.filter(Boolean).length, 60);
    for (const id of takenIds) t.equal(await stateOf(store, id), 'sending');
  });

  await t.test('all that match a filter are canceled and counted, nothing else', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const [one, two, other, sending] = [
      row({ reference: 'run-1' }),
      row({ reference: 'run-1', readyAt: clock.now() + HOUR_MS }),
      row({ reference: 'run-2' }),
      row({ reference: 'run-1', state: 'sending' }),
    ];
    await store.insert([keyed(one, 'k'), ...[two, other, sending].map((each) => ({ row: each, key: null }))]);
    const filter = { reference: 'run-1', caller: 'billing' };
    t.equal(await store.cancelMany(filter, clock.now(), clock.now() + HOUR_MS), 2);
    t.equal(await store.cancelMany(filter, clock.now(), clock.now() + HOUR_MS), 0);
    const states = await Promise.all(ids([one, two, other, sending]).map((id) => stateOf(store, id)));
    t.strictSame(states, ['canceled', 'canceled', 'queued', 'sending']);
    await clock.advance(HOUR_MS + 1);
    t.equal(await store.findKey('k'), null);
    t.equal(await store.cancelMany({ states: ['sending'] }, clock.now(), clock.now()), 0, 'only queued ones');
    t.equal(await store.cancelMany({}, clock.now(), clock.now()), 1);
  });

  await t.test('a message that may have arrived once ends unknown, however it is taken back', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const attempts = [{ at: 1, durationMs: 1, outcome: 'unclear', upstreamStatus: null }];
    const doubtful = () => row({ unclear, attempts, onUnknown: 'resend', readyAt: clock.now() + 30_000 });
    const [one, many, late] = [doubtful(), doubtful(), { ...doubtful(), expiresAt: clock.now() }];
    await insertRows(store, one, many, late);
    t.match(await store.expire(clock.now(), 10, clock.now() + HOUR_MS, [anything]), [
      { id: late.id, state: 'unknown', code: unclear.code },
    ]);
    t.equal(await store.cancel(one.id, clock.now(), clock.now() + HOUR_MS), true);
    t.equal(await store.cancelMany({}, clock.now(), clock.now() + HOUR_MS), 1);
    for (const { id } of [one, many, late]) {
      t.match(await store.get(id), { state: 'unknown', failure: unclear, endedAt: clock.now() });
    }
  });

  await t.test('messages past their time expire, some at a time, and their keys are remembered', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const now = clock.now();
    const [first, second, third] = [row({ expiresAt: now + 1 }), row({ expiresAt: now + 2 }), row({ expiresAt: now })];
    const others = [row(), row({ expiresAt: now + 3 }), row({ expiresAt: now, state: 'sending' })];
    await store.insert([keyed(first, 'k'), ...[second, third, ...others].map((each) => ({ row: each, key: null }))]);
    const expired = [...(await store.expire(now + 2, 2, now + HOUR_MS, []))];
    t.equal(expired.length, 2);
    expired.push(...(await store.expire(now + 2, 2, now + HOUR_MS, [])));
    t.strictSame(ids(expired).sort(), ids([first, second, third]).sort());
    const { id, mode, caller, account, channel, stream, lane, requestId, traceparent } = first;
    const names = { id, mode, caller, account, channel, stream, lane, requestId, traceparent };
    t.strictSame(
      expired.find((one) => one.id === first.id),
      { ...names, state: 'expired', code: null },
      'whoever runs it can be told of each',
    );
    t.strictSame(await store.expire(now + 2, 2, now + HOUR_MS, []), []);
    t.strictSame(await store.get(first.id), { ...first, state: 'expired', endedAt: now + 2 });
    const states = await Promise.all(ids(others).map((id) => stateOf(store, id)));
    t.strictSame(states, ['queued', 'queued', 'sending']);
    t.match(await store.findKey('k'), { messageId: first.id });
    await clock.advance(HOUR_MS + 1);
    t.equal(await store.findKey('k'), null);
  });

  await t.test('what expires ends with the first reason that fits it', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const failed = (code: string) => ({ ...anything.failure, code });
    const reasons: ExpiryReason[] = [
      { account: 'default', lane: 'bulk', caller: null, failure: failed('lane') },
      { account: 'default', lane: null, caller: "o'shop \u0000 ׳", failure: failed('caller') },
      { account: 'default', lane: null, caller: null, failure: failed('account') },
    ];
    const flows = {
      lane: { lane: 'bulk', caller: "o'shop \u0000 ׳" },
      caller: { lane: 'normal', caller: "o'shop \u0000 ׳" },
      account: { lane: 'normal', caller: 'crm' },
      other: { account: 'brand-b', lane: 'bulk', caller: 'crm' },
    } as const;
    const late = Object.entries(flows).map(([code, flow]) => ({ code, row: row({ ...flow, expiresAt: clock.now() }) }));
    await insertRows(store, ...late.map((each) => each.row));
    const told = await store.expire(clock.now(), 10, clock.now(), reasons);
    for (const { code, row } of late) {
      const failure = code === 'other' ? null : failed(code);
      t.match(await store.get(row.id), { state: 'expired', failure }, code);
      t.match(
        told.find(({ id }) => id === row.id),
        { code: failure?.code ?? null },
        'and that is told',
      );
    }
  });
}
