import t from 'tap';
import { StorageUnavailable } from '../../src/store/errors.ts';
import type { KeyClaim, KeyRecord } from '../../src/store/key-record.ts';
import type { MessageRow } from '../../src/store/message-row.ts';
import type { InsertResult } from '../../src/store/requests.ts';
import type { Store } from '../../src/store/store.ts';
import { answer, asyncDraft, createDeliveryRig, draft, files, key } from './delivery-rig.ts';

const lose = async () => {
  throw new StorageUnavailable('the connection broke');
};
const notAccepted = { code: 'storage_unavailable', outcome: 'not_sent' };

t.test('a message whose stored answer got lost is accepted if it is there, and kept out if not', async (t) => {
  const there = new Set(['msg_1']);
  const places: MessageRow[] = [];
  const wereStored: Store['wereStored'] = async (rows) => {
    places.push(...rows);
    return rows.map(({ id }) => there.has(id));
  };
  const { delivery, events, revoked } = createDeliveryRig({ insert: lose, wereStored });
  t.match(await delivery.accept(asyncDraft(), null), { submission: { message: { id: 'msg_1', state: 'queued' } } });
  t.strictSame(events, ['wake shop']);
  await t.rejects(delivery.accept(asyncDraft(), null), notAccepted);
  await t.rejects(delivery.accept(draft(), key), notAccepted);
  const place = { state: 'failed', payload: null, requestId: '', failure: { code: 'storage_unavailable' } };
  t.match(places.slice(1), [
    { ...place, id: 'msg_2' },
    { ...place, id: 'msg_3' },
  ]);
  t.strictSame(events, ['wake shop']);
  t.strictSame(revoked, [], 'nothing of them can turn up');
});

t.test('where nobody can tell, it is taken back', async (t) => {
  const { delivery, revoked } = createDeliveryRig({ insert: lose, insertBatch: lose, wereStored: lose });
  await t.rejects(delivery.accept(asyncDraft(), null), notAccepted);
  await t.rejects(delivery.accept(draft(), key), notAccepted);
  const items = [{ draft: asyncDraft(), key: null }];
  await t.rejects(
    delivery.acceptBatch(items, null, () => answer),
    notAccepted,
  );
  t.strictSame(revoked, ['msg_1', 'msg_2', 'msg_3']);
});

t.test('a batch whose stored answer got lost is looked up, and kept out if it is not there', async (t) => {
  const rows = new Set(['msg_1', 'msg_2']);
  const places: string[] = [];
  const get: Store['get'] = async (id) => (rows.has(id) ? ({ id } as Awaited<ReturnType<Store['get']>>) : null);
  const wereStored: Store['wereStored'] = async (asked) => {
    places.push(...asked.map(({ id }) => id));
    return asked.map(() => false);
  };
  const { delivery, revoked } = createDeliveryRig({ insertBatch: lose, get, wereStored });
  const items = [
    { draft: asyncDraft(), key: null },
    { draft: asyncDraft(), key: null },
  ];
  const accept = () => delivery.acceptBatch(items, null, (results) => ({ ...answer, body: JSON.stringify(results) }));
  t.match(await accept(), { kind: 'accepted' }, 'both are there');
  t.strictSame(places, []);
  await t.rejects(accept(), notAccepted, 'neither is there');
  t.strictSame(places, ['msg_3', 'msg_4']);
  t.strictSame(revoked, []);
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
    records.set('batch', stored);
    t.strictSame(await accept([withKey], batchKey), { kind: 'taken', record: stored });
    t.strictSame(revoked, []);
  },
);

t.test('a repeat is told that nothing was accepted, while the first is being taken back', async (t) => {
  const known = { fingerprint: key.fingerprint, messageId: 'msg_1', answer: null };
  let isFirst = true;
  const { delivery, held } = createDeliveryRig({
    insert: async () => {
      if (!isFirst) return [{ kind: 'taken', record: known }];
      isFirst = false;
      return lose();
    },
    wereStored: lose,
    findKey: async () => known,
  });
  await t.rejects(delivery.accept(asyncDraft(), key), notAccepted);
  await t.rejects(delivery.accept(asyncDraft(), key), notAccepted);
  await t.rejects(delivery.findKey(key), notAccepted);
  held.clear();
  t.match(await delivery.accept(asyncDraft(), key), { kind: 'taken', record: known });
  t.match(await delivery.findKey(key), known);
});

t.test('a repeat waits until it is certain what became of the first', async (t) => {
  const first = Promise.withResolvers<readonly InsertResult[]>();
  const look = Promise.withResolvers<readonly boolean[]>();
  const inserts = [first.promise];
  const record = { fingerprint: key.fingerprint, messageId: 'msg_1', answer: null };
  const { delivery } = createDeliveryRig({
    insert: () => inserts.shift() ?? Promise.resolve([{ kind: 'taken', record }]),
    wereStored: () => look.promise,
  });
  const one = delivery.accept(asyncDraft(), key);
  let isTold = false;
  const other = delivery.accept(asyncDraft(), key).finally(() => {
    isTold = true;
  });
  other.catch(() => undefined);
  first.reject(new StorageUnavailable('the connection broke'));
  await new Promise(setImmediate);
  t.equal(isTold, false);
  look.reject(new StorageUnavailable('it is not back'));
  await t.rejects(one, notAccepted);
  await t.rejects(other, notAccepted);
});

t.test('a batch that is committed while it is looked for is there as a whole', async (t) => {
  let asked = 0;
  const { delivery, revoked } = createDeliveryRig({
    insertBatch: lose,
    get: async (id) => (++asked > 1 ? ({ id } as Awaited<ReturnType<Store['get']>>) : null),
  });
  const items = [
    { draft: asyncDraft(), key: null },
    { draft: asyncDraft(), key: null },
  ];
  const render = (results: readonly { readonly result: InsertResult }[]) => ({
    ...answer,
    body: results.map(({ result }) => result.kind).join(),
  });
  t.match(await delivery.acceptBatch(items, null, render), { answer: { body: 'inserted,inserted' } });
  t.strictSame(revoked, []);
});
