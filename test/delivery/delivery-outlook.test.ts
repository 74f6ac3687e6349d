import t from 'tap';
import { StorageUnavailable } from '../../src/store/errors.ts';
import type { FlowBacklog } from '../../src/store/flows.ts';
import type { KeyClaim, KeyRecord } from '../../src/store/key-record.ts';
import type { InsertResult } from '../../src/store/requests.ts';
import type { Store } from '../../src/store/store.ts';
import { answer, asyncDraft, createDeliveryRig, files } from './delivery-rig.ts';

t.test('a stored message knows how many of its caller and lane were there first', async (t) => {
  const { delivery } = createDeliveryRig();
  const accepted = await delivery.accept(asyncDraft(), null);
  t.match(accepted, { submission: { message: { ahead: 3 } } });
  t.match(await delivery.accept(asyncDraft(), null), { submission: { message: { ahead: 4 } } });
});

t.test('one that is for later waits without anybody being woken for it', async (t) => {
  const { delivery, events } = createDeliveryRig();
  await delivery.accept(asyncDraft({ sendAt: Date.UTC(2027, 0, 1) }), null);
  t.strictSame(events, ['insert']);
});

t.test('each account hears what the store counts for it, and for it alone', async (t) => {
  const flow = { lane: 'normal', caller: 'shop', queued: 5, due: 5, firstDueAt: 0 } as const;
  const mine = { ...flow, account: 'default' };
  const { delivery, counted } = createDeliveryRig({ backlog: async () => [mine, { ...flow, account: 'brand-b' }] });
  await delivery.recount();
  t.strictSame(counted, [[mine]]);
});

t.test('what comes while the store counts is not in its count', async (t) => {
  const asked = Promise.withResolvers<FlowBacklog[]>();
  const { delivery, events } = createDeliveryRig({ backlog: () => asked.promise });
  const counting = delivery.recount();
  await delivery.accept(asyncDraft(), null);
  asked.resolve([]);
  await counting;
  t.equal(events.at(-1), 'counted 3', 'as many changes as before the question');
});

t.test('an account that is not there has nothing to foresee, and is woken for nothing', async (t) => {
  const { delivery, events } = createDeliveryRig();
  const flow = { account: 'gone', lane: 'normal', caller: 'shop' } as const;
  t.equal(delivery.prospect({ ...flow, readyAt: 0 }, null), null);
  delivery.wake([flow, { ...flow, account: 'default' }]);
  t.strictSame(events, ['wake shop']);
});

t.test('a batch whose stored answer got lost is looked up, and what may turn up later is taken back', async (t) => {
  const lose = async () => {
    throw new StorageUnavailable('the connection broke');
  };
  const rows = new Set(['msg_1', 'msg_2']);
  const get: Store['get'] = async (id) => (rows.has(id) ? ({ id } as Awaited<ReturnType<Store['get']>>) : null);
  const { delivery, revoked } = createDeliveryRig({ insertBatch: lose, get });
  const items = [
    { draft: asyncDraft(), key: null },
    { draft: asyncDraft(), key: null },
  ];
  const accept = () => delivery.acceptBatch(items, null, (results) => ({ ...answer, body: JSON.stringify(results) }));
  t.match(await accept(), { kind: 'accepted' }, 'both are there');
  t.strictSame(revoked, []);
  await t.rejects(accept(), { code: 'storage_unavailable' }, 'neither is there');
  t.strictSame(revoked, ['msg_3', 'msg_4']);
});

t.test(
  'a batch of which items were known before is found as well, by what else is there or by its own key',
  async (t) => {
    const lose = async () => {
      throw new StorageUnavailable('the connection broke');
    };
    const batchKey = { scope: 'batch', fingerprint: 'b' };
    const itemKey = { scope: 'item', fingerprint: 'i' };
    const known = { fingerprint: 'i', messageId: 'msg_0', answer: null };
    const stored = { fingerprint: 'b', messageId: null, answer: { ...answer, body: 'as it was' } };
    const records = new Map<string, KeyRecord>([['item', known]]);
    const there = new Set(['msg_2']);
    const { delivery, events, revoked } = createDeliveryRig({
      insertBatch: lose,
      get: async (id) => (there.has(id) ? ({ id } as Awaited<ReturnType<Store['get']>>) : null),
      findKey: async (scope) => records.get(scope) ?? null,
    });
    const withKey = { draft: asyncDraft({ payload: files }), key: itemKey };
    const render = (results: readonly { readonly result: InsertResult }[]) => ({
      ...answer,
      body: results.map(({ result }) => result.kind).join(),
    });
    const accept = (items: Parameters<typeof delivery.acceptBatch>[0], key: KeyClaim | null) =>
      delivery.acceptBatch(items, key, render);

    const both = [withKey, { draft: asyncDraft(), key: null }];
    t.strictSame(await accept(both, null), { kind: 'accepted', answer: { ...answer, body: 'taken,inserted' } });
    t.strictSame(
      events.filter((event) => event === 'remove' || event.startsWith('wake')),
      ['remove', 'wake shop'],
      'the file of the known one is not needed',
    );
    await t.rejects(accept([withKey], batchKey), { code: 'storage_unavailable' }, 'nothing tells that it was stored');
    t.strictSame(revoked, ['msg_3']);
    records.set('batch', stored);
    t.strictSame(await accept([withKey], batchKey), { kind: 'taken', record: stored });
    t.strictSame(revoked, ['msg_3']);
  },
);
