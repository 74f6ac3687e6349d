import t from 'tap';
import { moveTo } from '../../src/delivery/message.ts';
import { StorageUnavailable } from '../../src/store/errors.ts';
import type { Store } from '../../src/store/store.ts';
import { settle } from '../support/manual-clock.ts';
import { answer, asyncDraft, createDeliveryRig, draft, files, key } from './delivery-rig.ts';

t.test('a plain message touches no disk before it is sent', async (t) => {
  const { delivery, events, submitted } = createDeliveryRig({ insert: async () => t.fail() as never });
  const { message, settled } = delivery.submit(draft({ payload: files }));
  t.strictSame(events, ['submit']);
  t.equal(delivery.find(message.id), submitted[0]);
  moveTo(message, 'sending');
  moveTo(message, 'sent');
  delivery.settled(message);
  t.equal(await settled, message);
  t.equal(delivery.find(message.id), null);
  t.strictSame(events, ['submit', `ended ${message.id}`, 'remove'], 'what was sent needs its files no more');
});

t.test('what is stored is on disk first: the files, then the row, then the attempt', async (t) => {
  const keyed = createDeliveryRig();
  await keyed.delivery.accept(draft({ payload: files }), key);
  t.strictSame(keyed.events, ['sync', 'insert', 'submit']);
  t.match(keyed.inserted, [{ key, row: { state: 'queued', mode: 'sync', payload: files } }]);
  const later = createDeliveryRig();
  await later.delivery.accept(asyncDraft(), null);
  t.strictSame(later.events, ['insert', 'wake shop']);
});

t.test('a key that is taken accepts nothing', async (t) => {
  const record = { fingerprint: 'f', messageId: 'msg_0', answer: null };
  const { delivery, events } = createDeliveryRig({ insert: async () => [{ kind: 'taken', record }] });
  t.strictSame(await delivery.accept(asyncDraft(), key), { kind: 'taken', record });
  t.strictSame(events, []);
});

t.test('a full queue takes no more that waits, and says when to come again', async (t) => {
  const { delivery } = createDeliveryRig({ queuedCount: async () => 10, insertBatch: async () => t.fail() as never });
  const overloaded = { code: 'overloaded', outcome: 'not_sent', options: { retryAfterMs: 30_000 } };
  await t.rejects(delivery.accept(asyncDraft(), null), overloaded);
  const items = Array.from({ length: 4 }, () => ({ draft: asyncDraft(), key: null }));
  await t.rejects(
    delivery.acceptBatch(items, null, () => answer),
    overloaded,
  );
  await t.resolves(delivery.accept(draft(), key), 'whoever waits itself is not in the queue');
});

t.test('what is known by its key needs no room, and no other gets in by one', async (t) => {
  const record = { fingerprint: 'f', messageId: 'msg_0', answer: null };
  const keyed = new Map([['known', { fingerprint: 'f', id: 'msg_0', state: 'queued' } as const]]);
  const full = createDeliveryRig({
    queuedCount: async () => 10,
    findKey: async (scope) => (scope === 'known' ? record : null),
    findKeyed: async (scopes) => new Map(scopes.flatMap((scope) => [...keyed].filter(([known]) => known === scope))),
    insertBatch: async (messages) => ({ kind: 'inserted', results: messages.map(() => ({ kind: 'taken', record })) }),
  }).delivery;
  const known = { scope: 'known', fingerprint: 'f' };
  const item = (claim: typeof known | null) => ({ draft: asyncDraft(), key: claim });
  const accepts = (items: ReturnType<typeof item>[], batch: typeof known | null = null) =>
    full.acceptBatch(items, batch, () => answer);
  const overloaded = { code: 'overloaded', outcome: 'not_sent' };

  t.strictSame(await full.accept(asyncDraft(), known), { kind: 'taken', record });
  await t.rejects(full.accept(asyncDraft(), key), overloaded);
  t.strictSame(await accepts([item(null)], known), { kind: 'taken', record }, 'a batch by its own key');
  await t.rejects(accepts([item(null)], key), overloaded);
  t.match(await accepts([item(known)]), { kind: 'accepted' }, 'or by those of all its items');
  await t.rejects(accepts([item(known), item(key)]), overloaded);

  await full.drain();
  t.strictSame(await full.accept(asyncDraft(), known), { kind: 'taken', record });
  await t.rejects(full.accept(asyncDraft(), key), { code: 'shutting_down' });
  t.match(
    await accepts([item(known), item(known)]),
    { kind: 'accepted' },
    'whose repeat comes while it stops hears, too',
  );
  for (const items of [[item(key)], [item(null)], [item(known), item(key)]]) {
    await t.rejects(accepts(items), { code: 'shutting_down' });
  }
});

t.test('a campaign that fills the queue does not keep critical messages out of it', async (t) => {
  const full = (queued: number) => createDeliveryRig({ queuedCount: async () => queued }).delivery;
  const otp = asyncDraft({ lane: 'critical' });
  await t.resolves(full(10).accept(otp, null));
  await t.rejects(full(11).accept(otp, null), { code: 'overloaded' }, 'but they are not without end');
  const mixed = [otp, asyncDraft()].map((each) => ({ draft: each, key: null }));
  await t.rejects(
    full(9).acceptBatch(mixed, null, () => answer),
    { code: 'overloaded' },
  );
});

t.test('a batch is taken whole, files and all, and wakes its accounts', async (t) => {
  const insertBatch: Store['insertBatch'] = async (messages) => ({
    kind: 'inserted',
    results: messages.map(() => ({ kind: 'inserted' })),
  });
  const { delivery, events } = createDeliveryRig({ insertBatch });
  const items = [asyncDraft({ payload: files }), asyncDraft(), asyncDraft()].map((each) => ({
    draft: each,
    key: null,
  }));
  const taken = await delivery.acceptBatch(items, null, (results) => ({
    ...answer,
    body: results.map(({ id }) => id).join(),
  }));
  t.match(taken, { kind: 'accepted', answer: { body: 'msg_1,msg_2,msg_3' } });
  t.strictSame(events, ['sync', 'wake shop', 'wake shop', 'wake shop']);
});

t.test('without the store nothing is accepted, and that is said', async (t) => {
  const down = async () => {
    throw new StorageUnavailable('down');
  };
  const { delivery, events } = createDeliveryRig({ insert: down, insertBatch: down, cancel: down });
  const unavailable = { code: 'storage_unavailable', outcome: 'not_sent', options: { retryAfterMs: 5_000 } };
  await t.rejects(delivery.accept(draft(), key), unavailable);
  await t.rejects(
    delivery.acceptBatch([{ draft: asyncDraft(), key: null }], null, () => answer),
    unavailable,
  );
  t.strictSame(events, []);
});

t.test('once it drains, it takes nothing more and waits for what is in flight', async (t) => {
  const { delivery, events } = createDeliveryRig();
  await delivery.drain();
  t.strictSame(events, ['stop', 'idle']);
  await t.rejects(delivery.accept(asyncDraft(), null), { code: 'shutting_down', outcome: 'not_sent' });
});

t.test('only a message of this process is canceled here', async (t) => {
  const { delivery } = createDeliveryRig();
  const { message } = delivery.submit(draft());
  t.equal(delivery.cancelHere(message.id), true);
  moveTo(message, 'sending');
  t.equal(delivery.cancelHere(message.id), false);
  t.equal(delivery.cancelHere('msg_elsewhere'), null);
});

t.test('files of what was not sent stay: it may be sent again', async (t) => {
  const { delivery, events } = createDeliveryRig();
  const { message } = delivery.submit(draft({ payload: files }));
  moveTo(message, 'failed');
  delivery.settled(message);
  await settle();
  t.notOk(events.includes('remove'));
});

t.test('the key of a batch lasts as long as that of its last message, however long that waits', async (t) => {
  const until: number[] = [];
  const insertBatch: Store['insertBatch'] = async (messages, _key, _render, keepUntil) => {
    until.push(keepUntil);
    return { kind: 'inserted', results: messages.map(() => ({ kind: 'inserted' })) };
  };
  const { delivery, clock } = createDeliveryRig({ insertBatch });
  const week = clock.now() + 7 * 24 * 3_600_000;
  for (const expiries of [[null, week, week - 1], [null]]) {
    const items = expiries.map((expiresAt) => ({ draft: asyncDraft({ expiresAt }), key: null }));
    await delivery.acceptBatch(items, key, () => answer);
  }
  t.strictSame(until, [week + 1_000, clock.now() + 1_000]);
});

t.test('a message whose caller has gone before it is there is not sent', async (t) => {
  const { delivery, events } = createDeliveryRig();
  delivery.submit(draft(), true);
  t.strictSame(events, ['withdraw']);
});
