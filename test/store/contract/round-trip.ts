import type { Test } from 'tap';
import { StorageUnavailable } from '../../../src/store/errors.ts';
import type { CreatePlace } from '../contract.ts';
import { insertRows, picking, stage, unclear } from './support.ts';

/** What is stored comes back as it was, also after a restart. */
export async function roundTripContract(t: Test, createPlace: CreatePlace): Promise<void> {
  await t.test('a message comes back exactly as it was stored, whatever it holds', async (t) => {
    const { process, row } = await stage(t, createPlace);
    const store = await process('a');
    const full = row({
      caller: 'חיוב',
      channel: 'email',
      stream: null,
      streamId: 'pE6q0u/bXiwBN+LiTvKsDMw==',
      lane: 'critical',
      mode: 'async',
      reference: 'order 7 "quoted" \u2028 \\ 😀',
      onUnknown: 'resend',
      sendsToClient: true,
      keepsRawAnswer: true,
      sendAt: 1_900_000_000_000,
      expiresAt: 1_900_000_000_001,
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      resendOf: 'msg_0',
      state: 'unknown',
      payload: {
        kind: 'json',
        body: '{"data":{"UserIdentity":9223372036854775807,"Message":"שלום \\u0000 مرحبا -- $1 ?1"}}',
      },
      payloadBytes: 9_007_199_254_740_991,
      attempts: [
        { at: 1, durationMs: 1.25, outcome: 'throttled', upstreamStatus: 429 },
        { at: 2, durationMs: 0, outcome: 'unclear', upstreamStatus: null },
      ],
      unclear,
      failure: { ...unclear, upstream: { status: 504, description: null } },
      objectId: '9223372036854775807',
      sentAt: 3,
      endedAt: 4,
      readyAt: 1_900_000_000_000,
    });
    const bare = row({ payload: null });
    await insertRows(store, full, bare);
    t.strictSame(await store.get(full.id), full);
    t.strictSame(await store.get(bare.id), bare);
    t.equal(await store.get('msg_none'), null);
    await store.close();

    const next = await process('a');
    t.strictSame(await next.get(full.id), full, 'after a restart');
  });

  await t.test('a body of 1 MiB of Hebrew comes back whole', async (t) => {
    const { process, row } = await stage(t, createPlace);
    const store = await process('a');
    const large = row({ payload: { kind: 'json', body: 'ש'.repeat(512 * 1024) } });
    await insertRows(store, large);
    t.ok((await store.get(large.id))?.payload?.kind === 'json');
    const [taken] = await store.take(picking(large.createdAt, 1));
    t.strictSame(taken?.payload, large.payload);
  });

  await t.test('the secret is made once and stays, for every process', async (t) => {
    const { place, process, clock } = await stage(t, createPlace);
    const [one, other] = await Promise.all([process('a'), process('b')]);
    const [secret, same] = await Promise.all([one.secret(), other.secret()]);
    t.equal(secret.length, 32);
    t.ok(secret.equals(same));
    await one.close();
    const next = await place.open({ owner: 'a', clock });
    t.ok((await next.secret()).equals(secret));
    await next.close();
  });

  await t.test('a closed store refuses with StorageUnavailable, and closing it again is harmless', async (t) => {
    const { process, row } = await stage(t, createPlace);
    const store = await process('a');
    await store.check();
    await store.close();
    await store.close();
    await t.rejects(insertRows(store, row()), StorageUnavailable);
    await t.rejects(store.check(), StorageUnavailable);
  });

  await t.test('what was asked for before closing is on disk', async (t) => {
    const { process, row } = await stage(t, createPlace);
    const store = await process('a');
    const late = row();
    const inserting = insertRows(store, late);
    await store.close();
    await inserting;
    const next = await process('a');
    t.strictSame(await next.get(late.id), late);
  });
}
