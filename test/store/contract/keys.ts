import type { Test } from 'tap';
import type { StoredAnswer } from '../../../src/store/key-record.ts';
import type { InsertResult } from '../../../src/store/requests.ts';
import type { CreatePlace } from '../contract.ts';
import { HOUR_MS, insertRows, keyed, sent, stage } from './support.ts';

const answer: StoredAnswer = {
  status: 201,
  headers: { 'content-type': 'application/json', location: '/v1/messages/1' },
  body: '{"id":"שלום"}',
  isBinary: false,
};

/** A key stands for one message, however many requests bring it. */
export async function keysContract(t: Test, createPlace: CreatePlace): Promise<void> {
  await t.test('a key that is taken gives its record, and its message is not stored', async (t) => {
    const { process, row } = await stage(t, createPlace);
    const store = await process('a');
    const [first, second, other] = [row(), row(), row()];
    t.strictSame(await store.insert([keyed(first, 'k', 'f-1')]), [{ kind: 'inserted' }]);
    t.strictSame(await store.insert([keyed(second, 'k', 'f-2'), keyed(other, 'k-2')]), [
      { kind: 'taken', record: { fingerprint: 'f-1', messageId: first.id, answer: null } },
      { kind: 'inserted' },
    ]);
    t.equal(await store.get(second.id), null);
    t.strictSame(await store.get(other.id), other);
    t.strictSame(await store.findKey('k'), { fingerprint: 'f-1', messageId: first.id, answer: null });
    t.equal(await store.findKey('k-unknown'), null);
  });

  await t.test('of two messages with one key in one call the first is stored', async (t) => {
    const { process, row } = await stage(t, createPlace);
    const store = await process('a');
    const [first, second] = [row(), row()];
    const results = await store.insert([keyed(first, 'k'), keyed(second, 'k')]);
    t.match(results, [{ kind: 'inserted' }, { kind: 'taken', record: { messageId: first.id } }]);
    t.equal(await store.get(second.id), null);
  });

  await t.test('forty requests with one key at once, to two processes, store one message', async (t) => {
    const { process, row } = await stage(t, createPlace);
    const stores = await Promise.all([process('a'), process('b')]);
    const rows = Array.from({ length: 40 }, () => row());
    const results = await Promise.all(
      rows.map(async (each, index) => (await stores[index % 2]?.insert([keyed(each, 'k')]))?.[0]),
    );
    const winner = rows[results.findIndex((result) => result?.kind === 'inserted')];
    const losers = results.filter((result) => result?.kind === 'taken' && result.record.messageId === winner?.id);
    t.equal(losers.length, 39);
    t.equal((await stores[0]?.list({}, 50, null))?.length, 1);
  });

  await t.test('a kept key gives the answer until its time is over, a freed one is free at once', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const [kept, freed] = [row({ mode: 'sync', state: 'sending' }), row({ mode: 'sync', state: 'sending' })];
    await store.insert([keyed(kept, 'k-kept'), keyed(freed, 'k-freed')]);
    const until = clock.now() + HOUR_MS;
    await store.settle([
      sent(kept.id, clock.now(), { key: { kind: 'keep', answer, until } }),
      sent(freed.id, clock.now(), { state: 'failed', erase: false, key: { kind: 'free' } }),
    ]);
    t.strictSame(await store.findKey('k-kept'), { fingerprint: 'f-1', messageId: kept.id, answer });
    t.equal(await store.findKey('k-freed'), null);
    t.match(await store.insert([keyed(row(), 'k-kept'), keyed(row(), 'k-freed')]), [
      { kind: 'taken' },
      { kind: 'inserted' },
    ]);

    await clock.advance(HOUR_MS + 1);
    t.equal(await store.findKey('k-kept'), null, 'its time is over, swept or not');
    t.strictSame(await store.insert([keyed(row(), 'k-kept', 'f-9')]), [{ kind: 'inserted' }]);
    t.match(await store.findKey('k-kept'), { fingerprint: 'f-9', answer: null });
  });

  await t.test('many keys are read at once, with the states of their messages', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const [waiting, done, past] = [row(), row({ state: 'sending' }), row({ state: 'sending' })];
    await store.insert([keyed(waiting, 'k-1', 'f-1'), keyed(done, 'k-2', 'f-2'), keyed(past, 'k-3')]);
    await store.insertBatch([], { scope: 'k-batch', fingerprint: 'f' }, () => answer, clock.now() + HOUR_MS);
    const keptUntil = (until: number) => ({ key: { kind: 'keep', answer, until } }) as const;
    await store.settle([
      sent(done.id, clock.now(), keptUntil(clock.now() + 1)),
      sent(past.id, clock.now(), keptUntil(clock.now())),
    ]);
    const asked = ['k-1', 'k-2', 'k-3', 'k-batch', 'k-unknown', 'k-2'];
    t.strictSame(
      await store.findKeyed(asked),
      new Map([
        ['k-1', { fingerprint: 'f-1', id: waiting.id, state: 'queued' }],
        ['k-2', { fingerprint: 'f-2', id: done.id, state: 'sent' }],
      ]),
    );
    t.strictSame(await store.findKeyed([]), new Map());
  });

  await t.test('a binary answer is kept as it is', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const message = row({ mode: 'sync', state: 'sending' });
    const binary = { status: 400, headers: {}, body: Buffer.from([0, 255, 10]).toString('base64'), isBinary: true };
    await store.insert([keyed(message, 'k')]);
    const key = { kind: 'keep', answer: binary, until: clock.now() + HOUR_MS } as const;
    await store.settle([sent(message.id, clock.now(), { key })]);
    t.strictSame((await store.findKey('k'))?.answer, binary);
  });

  await batches(t, createPlace);
}

async function batches(t: Test, createPlace: CreatePlace): Promise<void> {
  const answerOf = (results: readonly InsertResult[]): StoredAnswer => ({
    ...answer,
    body: JSON.stringify(results.map((result) => (result.kind === 'inserted' ? 'new' : result.record.messageId))),
  });

  await t.test('a batch is stored with its answer; the same batch again gives that answer alone', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const earlier = row();
    await store.insert([keyed(earlier, 'item')]);
    const until = clock.now() + HOUR_MS;
    const batch = { scope: 'batch', fingerprint: 'f-b' };
    const rows = [row(), row(), row()] as const;
    const messages = [keyed(rows[0], 'item-0'), keyed(rows[1], 'item'), { row: rows[2], key: null }];
    const first = await store.insertBatch(messages, batch, answerOf, until);
    t.match(first, { kind: 'inserted', results: [{ kind: 'inserted' }, { kind: 'taken' }, { kind: 'inserted' }] });
    const record = {
      fingerprint: 'f-b',
      messageId: null,
      answer: { ...answer, body: `["new","${earlier.id}","new"]` },
    };
    t.strictSame(await store.findKey('batch'), record);

    const again = await store.insertBatch([{ row: row(), key: null }], batch, answerOf, until);
    t.strictSame(again, { kind: 'taken', record });
    t.equal((await store.list({}, 10, null)).length, 3);
    await clock.advance(HOUR_MS + 1);
    t.match(await store.insertBatch([{ row: row(), key: null }], batch, answerOf, until + 2 * HOUR_MS), {
      kind: 'inserted',
    });
  });

  await t.test('the key of a batch that came to nothing is forgotten, and no other', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const until = clock.now() + HOUR_MS;
    const [batch, other] = ['f-1', 'f-2'].map((fingerprint) => ({ scope: `batch-${fingerprint}`, fingerprint }));
    if (batch === undefined || other === undefined) return;
    await store.insertBatch([keyed(row(), 'item', 'f')], batch, answerOf, until);
    await store.insertBatch([{ row: row(), key: null }], other, answerOf, until);
    await store.forgetBatch({ scope: batch.scope, fingerprint: 'of another request' });
    await store.forgetBatch({ scope: 'item', fingerprint: 'f' });
    await store.forgetBatch(batch);
    await store.forgetBatch(batch);
    t.equal(await store.findKey(batch.scope), null);
    t.match(await store.findKey(other.scope), { fingerprint: other.fingerprint });
    t.match(await store.findKey('item'), { fingerprint: 'f' });
    t.match(await store.insertBatch([{ row: row(), key: null }], batch, answerOf, until), { kind: 'inserted' });
  });

  await t.test('a batch without a key is stored', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const messages = Array.from({ length: 1000 }, () => ({ row: row(), key: null }));
    const result = await store.insertBatch(messages, null, answerOf, clock.now());
    t.equal(result.kind === 'inserted' && result.results.length, 1000);
    t.equal((await store.list({}, 1001, null)).length, 1000);
  });

  await t.test('the same batch in two processes at once is stored once', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const stores = await Promise.all([process('a'), process('b')]);
    const batch = { scope: 'batch', fingerprint: 'f-b' };
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        stores[index % 2]?.insertBatch(
          [keyed(row(), 'item-1'), keyed(row(), 'item-2')],
          batch,
          answerOf,
          clock.now() + HOUR_MS,
        ),
      ),
    );
    t.equal(results.filter((result) => result?.kind === 'inserted').length, 1);
    for (const result of results) {
      if (result?.kind === 'taken') t.equal(result.record.answer?.body, '["new","new"]');
    }
    t.equal((await stores[0]?.list({}, 50, null))?.length, 2);
  });

  await t.test('a batch that fails half way leaves neither messages nor keys', async (t) => {
    const { clock, process, row } = await stage(t, createPlace);
    const store = await process('a');
    const [present, fresh] = [row(), row()];
    await insertRows(store, present);
    // An id that is stored already is a fault of the caller's that only the database notices, after the first insert.
    const messages = [keyed(fresh, 'item'), { row: present, key: null }];
    const batch = { scope: 'batch', fingerprint: 'f-b' };
    await t.rejects(store.insertBatch(messages, batch, answerOf, clock.now() + HOUR_MS));
    await t.rejects(store.insert(messages));
    const thrower = () => {
      throw new Error('no answer');
    };
    await t.rejects(store.insertBatch([keyed(fresh, 'item')], batch, thrower, clock.now() + HOUR_MS));
    t.equal(await store.get(fresh.id), null);
    t.equal(await store.findKey('item'), null);
    t.equal(await store.findKey('batch'), null);
    t.strictSame(await store.insert([keyed(fresh, 'item')]), [{ kind: 'inserted' }], 'the store goes on');
  });
}
