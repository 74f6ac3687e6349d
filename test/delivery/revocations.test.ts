import t from 'tap';
import type { Message } from '../../src/delivery/message.ts';
import { createRevocations, type Refused } from '../../src/delivery/revocations.ts';
import { StorageUnavailable } from '../../src/store/errors.ts';
import type { MessageRow } from '../../src/store/message-row.ts';
import type { Settlement } from '../../src/store/requests.ts';
import type { Store } from '../../src/store/store.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { queuedMessage } from '../support/messages.ts';
import { createFakeStore } from './fake-store.ts';

const clock = createManualClock();

const refused = (id: string, mode: Message['mode'], others: Partial<Refused> = {}): Refused => {
  const failure = { code: 'storage_unavailable', outcome: 'not_sent', detail: 'd', upstream: null } as const;
  const message: Message = { ...queuedMessage(clock.now()), id, mode, state: 'failed', failure, endedAt: clock.now() };
  return { messages: [message], keys: [], batch: null, ...others };
};

/** Of a store that settles while `answer` says so. */
function setUp(answer: () => boolean, methods: Partial<Store> = {}) {
  const settlements: Settlement[] = [];
  const settle = async ([settlement]: readonly Settlement[]) => {
    if (settlement !== undefined) settlements.push(settlement);
    return [answer()];
  };
  const revocations = createRevocations({ store: createFakeStore({ settle, ...methods }), clock });
  return { revocations, settlements };
}

t.test('what is taken back is tried until the store has answered', async (t) => {
  const canceled: string[] = [];
  let isDown = true;
  const wereStored: Store['wereStored'] = async () => {
    if (isDown) throw new StorageUnavailable('down');
    return [true];
  };
  const cancel: Store['cancel'] = async (id) => canceled.push(id) > 0;
  const { revocations } = setUp(() => true, { wereStored, cancel });
  revocations.add(refused('msg_1', 'async'));
  await clock.advance(90_000);
  isDown = false;
  await clock.advance(1_000);
  t.strictSame(canceled, ['msg_1']);
  await clock.advance(60_000);
  t.equal(canceled.length, 1);
});

t.test('what was not stored is over with that, its place taken by a row without content', async (t) => {
  const places: MessageRow[] = [];
  const wereStored: Store['wereStored'] = async (rows) => {
    places.push(...rows);
    return [false];
  };
  const { revocations, settlements } = setUp(() => true, { wereStored });
  revocations.add(refused('msg_1', 'async'));
  revocations.add(refused('msg_2', 'sync'));
  await clock.advance(60_000);
  const place = { state: 'failed', payload: null, requestId: '', failure: { code: 'storage_unavailable' } };
  t.match(places, [
    { ...place, id: 'msg_1' },
    { ...place, id: 'msg_2' },
  ]);
  t.equal(places.length, 2);
  t.strictSame(settlements, []);
});

t.test('what was stored and taken meanwhile is ended there, and this process does not send it', async (t) => {
  let isOurs = false;
  const { revocations, settlements } = setUp(() => isOurs, {
    wereStored: async () => [true],
    cancel: async () => false,
  });
  t.equal(revocations.isRevoked('msg_1', 7), false);
  revocations.add(refused('msg_1', 'async'));
  revocations.add(refused('msg_2', 'sync'));
  t.equal(revocations.isRevoked('msg_1', 7), true);
  isOurs = true;
  await clock.advance(1_000);
  const latest = (id: string) => settlements.findLast((settlement) => settlement.id === id);
  const isFree = { kind: 'keep', until: clock.now() - 1_000 };
  t.match(latest('msg_1'), { state: 'failed', takenAt: 7, key: isFree }, 'its key may come anew');
  t.match(latest('msg_2'), { state: 'failed', key: { kind: 'free' } });
  t.equal(revocations.isRevoked('msg_1', 7), false, 'there is nothing left to do');
});

t.test('what another process is sending is ended as soon as this one takes it', async (t) => {
  let isOurs = false;
  let asked = 0;
  const { revocations, settlements } = setUp(() => isOurs, {
    wereStored: async () => {
      asked++;
      return [true];
    },
    cancel: async () => false,
  });
  revocations.add(refused('msg_1', 'async'));
  await clock.advance(25_000);
  const tries = asked;
  await clock.advance(60_000);
  t.equal(asked, tries, 'it is not asked for without end');
  t.strictSame(settlements, [], 'what is on its way to CommBox is left to end');
  isOurs = true;
  t.equal(revocations.isRevoked('msg_1', 7), true);
  await clock.advance(0);
  t.match(settlements.at(-1), { id: 'msg_1', state: 'failed' });
  t.equal(revocations.isRevoked('msg_1', 7), false);
});

t.test('a key under which something is taken back is held until that is over', async (t) => {
  let isDown = true;
  const forgotten: unknown[] = [];
  const canceled = new Set<string>();
  const key = { scope: 'batch', fingerprint: 'f' };
  const { revocations } = setUp(() => true, {
    wereStored: async (rows) => {
      if (isDown) throw new StorageUnavailable('down');
      return rows.map(() => true);
    },
    cancel: async (id) => canceled.size !== canceled.add(id).size,
    forgetBatch: async (forgot) => {
      t.equal(canceled.size, 2, 'a repeat is stored only when nothing is left of the first');
      forgotten.push(forgot);
    },
  });
  const [one, other] = [refused('msg_1', 'async'), refused('msg_2', 'async')];
  const messages = [...one.messages, ...other.messages];
  revocations.add({ messages, keys: [key, { scope: 'item', fingerprint: 'i' }], batch: key });
  await clock.advance(600_000);
  t.equal(revocations.holds('batch') && revocations.holds('item'), true);
  t.equal(revocations.holds('another'), false);
  isDown = false;
  await clock.advance(1_000);
  t.strictSame(forgotten, [key]);
  t.equal(revocations.holds('batch') || revocations.holds('item'), false);
});

t.test('a batch of which something may have been sent keeps its key', async (t) => {
  const key = { scope: 'batch', fingerprint: 'f' };
  const { revocations } = setUp(() => true, {
    wereStored: async (rows) => rows.map(() => true),
    cancel: async (id) => id !== 'msg_2',
  });
  const messages = ['msg_1', 'msg_2'].flatMap((id) => refused(id, 'async').messages);
  revocations.add({ messages, keys: [key], batch: key });
  await clock.advance(60_000);
  t.equal(revocations.holds('batch'), false);
});

t.test('however many are to be taken back, an outage is asked about once a second', async (t) => {
  let asked = 0;
  const { revocations } = setUp(() => true, {
    wereStored: async () => {
      asked++;
      throw new StorageUnavailable('down');
    },
  });
  for (let i = 0; i < 1_000; i++) revocations.add(refused(`msg_${i}`, 'sync'));
  await clock.advance(10_000);
  t.ok(asked <= 12, `${asked}`);
  const before = clock.pending;
  revocations.stop();
  t.equal(clock.pending, before - 1, 'and nothing keeps a process that ends');
});
