import type { Test } from 'tap';
import type { CreatePlace } from '../contract.ts';
import {
  HOUR_MS,
  ids,
  insertRows,
  keyed,
  LEASE_MS,
  picking,
  RESEND,
  sent,
  stage,
  stateOf,
  unclear,
} from './support.ts';

/** What becomes of the messages of a process that is gone, or is taken for gone. */
export async function leaseContract(t: Test, createPlace: CreatePlace): Promise<void> {
  await t.test('the messages of a dead process end, once its lease has run out', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const [dead, other] = [await process('a'), await process('b')];
    const [sending, queuedSync, sendingSync] = [row(), row({ mode: 'sync' }), row({ mode: 'sync', state: 'sending' })];
    const waiting = row({ account: 'brand-b' });
    await dead.insert([keyed(sending, 'k-1'), keyed(queuedSync, 'k-2'), keyed(sendingSync, 'k-3')]);
    await insertRows(dead, waiting);
    const startedAt = clock.now();
    await dead.take(picking(startedAt, 5));

    await clock.advance(LEASE_MS - 1);
    t.equal(await other.heartbeat(clock.now(), LEASE_MS), true);
    t.strictSame(await other.recover(clock.now(), RESEND, clock.now() + HOUR_MS), []);
    await clock.advance(1);
    const now = clock.now();
    const changed = await other.recover(now, RESEND, now + HOUR_MS);
    t.strictSame([...changed].sort(), ids([sending, queuedSync, sendingSync]));

    const unknown = await other.get(sending.id);
    t.match(unknown, {
      state: 'unknown',
      endedAt: now,
      failure: { code: 'commbox_error', outcome: 'unknown', upstream: null },
      attempts: [{ at: startedAt, outcome: 'interrupted', upstreamStatus: null }],
      payload: sending.payload,
    });
    t.strictSame(unknown?.unclear, unknown?.failure);
    t.match(await other.get(sendingSync.id), { state: 'unknown', attempts: [{ outcome: 'interrupted' }] });
    t.match(await other.get(queuedSync.id), {
      state: 'failed',
      endedAt: now,
      failure: { code: 'shutting_down', outcome: 'not_sent' },
      attempts: [],
    });
    t.equal(await stateOf(other, waiting.id), 'queued');
    t.match(await other.findKey('k-1'), { messageId: sending.id, answer: null });
    t.equal(await other.findKey('k-2'), null, 'never sent: the key is free');
    t.match(await other.findKey('k-3'), { messageId: sendingSync.id });
    await clock.advance(HOUR_MS + 1);
    t.equal(await other.findKey('k-1'), null);
  });

  await t.test('a process that was slow finds its messages lost, and begins anew', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const [slow, other] = [await process('a'), await process('b')];
    const [message, next] = [row(), row()];
    await insertRows(slow, message);
    await slow.take(picking(clock.now(), 1));
    await clock.advance(LEASE_MS);
    t.strictSame(await other.recover(clock.now(), RESEND, clock.now()), [message.id]);
    t.strictSame(await slow.settle([sent(message.id, clock.now())]), [false]);
    t.equal(await stateOf(slow, message.id), 'unknown');
    t.equal(await slow.heartbeat(clock.now(), LEASE_MS), false);
    t.equal(await slow.heartbeat(clock.now(), LEASE_MS), true);
    await insertRows(slow, next);
    await slow.take(picking(clock.now(), 1));
    t.strictSame(await slow.settle([sent(next.id, clock.now())]), [true]);
  });

  await t.test('a lease that ran out unnoticed is still good: a clock that jumped loses nothing', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const [store, other] = [await process('a'), await process('b')];
    const message = row();
    await insertRows(store, message);
    await store.take(picking(clock.now(), 1));
    await clock.advance(10 * LEASE_MS);
    t.strictSame(await store.recover(clock.now(), RESEND, clock.now()), [], 'its own messages are in good hands');
    t.equal(await store.heartbeat(clock.now(), LEASE_MS), true);
    t.strictSame(await other.recover(clock.now(), RESEND, clock.now()), []);
    t.strictSame(await store.settle([sent(message.id, clock.now())]), [true]);
  });

  await t.test('what accepts duplicates goes out again, as long as it has attempts left', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const [dead, other] = [await process('a'), await process('b')];
    const past = { at: 1, durationMs: 1, outcome: 'unclear', upstreamStatus: null };
    const throttled = { at: 1, durationMs: 1, outcome: 'throttled', upstreamStatus: 429 };
    const members = { onUnknown: 'resend', state: 'sending' } as const;
    const fresh = row({ ...members, attempts: [throttled, throttled, past] });
    const spent = row({ ...members, attempts: [past, { ...past, outcome: 'interrupted' }] });
    const sync = row({ ...members, mode: 'sync' });
    await dead.insert([keyed(fresh, 'k'), ...[spent, sync].map((each) => ({ row: each, key: null }))]);
    await clock.advance(LEASE_MS);
    const now = clock.now();
    t.equal((await other.recover(now, RESEND, now)).length, 3);
    t.match(await other.get(fresh.id), {
      state: 'queued',
      readyAt: now + RESEND.delayMs,
      endedAt: null,
      failure: null,
      unclear: { code: 'commbox_error', outcome: 'unknown' },
      attempts: [{}, {}, {}, { outcome: 'interrupted' }],
    });
    t.equal(await stateOf(other, spent.id), 'unknown');
    t.equal(await stateOf(other, sync.id), 'unknown', 'its caller is gone, so nobody may send it');
    t.match(await other.findKey('k'), { messageId: fresh.id }, 'it is still running');
    t.strictSame(await other.take(picking(now, 5)), []);
    t.strictSame(ids(await other.take(picking(now + RESEND.delayMs, 5))), [fresh.id]);
  });

  await t.test('a plain message in doubt that waited in a dead process ends unknown', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const [dead, other] = [await process('a'), await process('b')];
    const message = row({ mode: 'sync', onUnknown: 'resend', unclear });
    await dead.insert([keyed(message, 'k')]);
    await clock.advance(LEASE_MS);
    await other.recover(clock.now(), RESEND, clock.now() + HOUR_MS);
    t.match(await other.get(message.id), { state: 'unknown', failure: unclear, endedAt: clock.now() });
    t.match(await other.findKey('k'), { messageId: message.id });
  });

  await t.test('two processes that recover at once report each message once', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const [dead, one, two] = [await process('a'), await process('b'), await process('c')];
    const rows = Array.from({ length: 50 }, () => row({ state: 'sending' }));
    await insertRows(dead, ...rows);
    await clock.advance(LEASE_MS);
    await Promise.all([one.heartbeat(clock.now(), LEASE_MS), two.heartbeat(clock.now(), LEASE_MS)]);
    const recover = (store: typeof one) => store.recover(clock.now(), RESEND, clock.now());
    const changed = await Promise.all([recover(one), recover(two), recover(one)]);
    t.strictSame(changed.flat().sort(), ids(rows));
    t.equal((await one.get(rows[0]?.id ?? ''))?.attempts.length, 1);
  });

  await t.test('a process that closed, or was started again, need not be waited for', async (t) => {
    const { clock, place, process, row } = await stage(t, createPlace);
    const [closing, other] = [await process('a'), await process('b')];
    const [left, crashed] = [row({ state: 'sending' }), row({ state: 'sending' })];
    await insertRows(closing, left);
    await closing.close();
    t.strictSame(await other.recover(clock.now(), RESEND, clock.now()), [left.id]);

    const killed = await place.open({ owner: 'c', clock });
    t.teardown(() => killed.close());
    await killed.heartbeat(clock.now(), LEASE_MS);
    await insertRows(killed, crashed);
    const restarted = await process('c');
    t.strictSame(await restarted.recover(clock.now(), RESEND, clock.now()), [crashed.id]);
    t.strictSame(await killed.settle([sent(crashed.id, clock.now())]), [false]);
  });
}
