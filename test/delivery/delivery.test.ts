import t from 'tap';
import type { Spool } from '../../src/attachments/spool.ts';
import { createDelivery } from '../../src/delivery/delivery.ts';
import type { Dispatcher } from '../../src/delivery/dispatcher.ts';
import type { Draft, Message } from '../../src/delivery/message.ts';
import { moveTo } from '../../src/delivery/message.ts';
import type { FlowBacklog } from '../../src/store/flows.ts';
import { type InsertResult, type NewMessage, StorageUnavailable, type Store } from '../../src/store/store.ts';
import { createManualClock, settle } from '../support/manual-clock.ts';
import { queuedMessage } from '../support/messages.ts';
import { createFakeStore } from './fake-store.ts';

const file = { path: '/spool/a', name: 'a.txt', contentType: null, size: 1, sha256: 'x' };
const files: Draft['payload'] = { kind: 'multipart', data: '{}', files: [file] };
const key = { scope: 's', fingerprint: 'f' };
const answer = { status: 202, headers: {}, body: '', isBinary: false };

/** A draft as a route makes it. */
const draft = (members: Partial<Draft> = {}): Draft => ({ ...queuedMessage(0, members), ...members }) as Draft;
const asyncDraft = (members: Partial<Draft> = {}) => draft({ mode: 'async', ...members });

function setUp(methods: Partial<Store> = {}) {
  const clock = createManualClock();
  const events: string[] = [];
  const inserted: NewMessage[] = [];
  const submitted: Message[] = [];
  const counted: (readonly FlowBacklog[])[] = [];
  let serial = 0;
  let waiting = 3;
  const insert: Store['insert'] = async (messages) => {
    events.push('insert');
    inserted.push(...messages);
    return messages.map((): InsertResult => ({ kind: 'inserted' }));
  };
  const dispatcher: Partial<Dispatcher> = {
    submit(message) {
      events.push('submit');
      submitted.push(message);
    },
    wake: (flow) => void events.push(`wake ${flow?.caller}`),
    outlook: {
      accepted: () => waiting++,
      counted(flows, changes) {
        counted.push(flows);
        events.push(`counted ${changes}`);
      },
      get changes() {
        return waiting;
      },
    },
    stop: () => void events.push('stop'),
    idle: async () => void events.push('idle'),
    cancel: (message) => message.state === 'queued',
  };
  const spool: Partial<Spool> = {
    sync: async () => void events.push('sync'),
    remove: async () => void events.push('remove'),
  };
  const delivery = createDelivery({
    clock,
    nextId: () => `msg_${++serial}`,
    dispatchers: new Map([['default', dispatcher as Dispatcher]]),
    store: createFakeStore({ insert, queuedCount: async () => 7, get: async () => null, ...methods }),
    spool: spool as Spool,
    watch: { wait: async () => {}, ended: (id) => void events.push(`ended ${id}`) },
    ledger: { begin: async () => true, settle: async () => 'held', note: () => {} },
    queueLimit: 10,
    keepKeysMs: 1_000,
  });
  return { delivery, clock, events, inserted, submitted, counted };
}

t.test('a plain message touches no disk before it is sent', async (t) => {
  const { delivery, events, submitted } = setUp({ insert: async () => t.fail() as never });
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
  const keyed = setUp();
  await keyed.delivery.accept(draft({ payload: files }), key);
  t.strictSame(keyed.events, ['sync', 'insert', 'submit']);
  t.match(keyed.inserted, [{ key, row: { state: 'queued', mode: 'sync', payload: files } }]);
  const later = setUp();
  await later.delivery.accept(asyncDraft(), null);
  t.strictSame(later.events, ['insert', 'wake shop']);
});

t.test('a key that is taken accepts nothing', async (t) => {
  const record = { fingerprint: 'f', messageId: 'msg_0', answer: null };
  const { delivery, events } = setUp({ insert: async () => [{ kind: 'taken', record }] });
  t.strictSame(await delivery.accept(asyncDraft(), key), { kind: 'taken', record });
  t.strictSame(events, []);
});

t.test('a full queue takes no more that waits, and says when to come again', async (t) => {
  const { delivery } = setUp({ queuedCount: async () => 10, insertBatch: async () => t.fail() as never });
  const overloaded = { code: 'overloaded', outcome: 'not_sent', options: { retryAfterMs: 30_000 } };
  await t.rejects(delivery.accept(asyncDraft(), null), overloaded);
  const items = Array.from({ length: 4 }, () => ({ draft: asyncDraft(), key: null }));
  await t.rejects(
    delivery.acceptBatch(items, null, () => answer),
    overloaded,
  );
  await t.resolves(delivery.accept(draft(), key), 'whoever waits itself is not in the queue');
});

t.test('a batch is taken whole, files and all, and wakes its accounts', async (t) => {
  const insertBatch: Store['insertBatch'] = async (messages) => ({
    kind: 'inserted',
    results: messages.map(() => ({ kind: 'inserted' })),
  });
  const { delivery, events } = setUp({ insertBatch });
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
  const { delivery, events } = setUp({ insert: down, insertBatch: down, cancel: down });
  const unavailable = { code: 'storage_unavailable', outcome: 'not_sent', options: { retryAfterMs: 5_000 } };
  await t.rejects(delivery.accept(draft(), key), unavailable);
  await t.rejects(
    delivery.acceptBatch([{ draft: asyncDraft(), key: null }], null, () => answer),
    unavailable,
  );
  t.strictSame(events, []);
});

t.test('once it drains, it takes nothing more and waits for what is in flight', async (t) => {
  const { delivery, events } = setUp();
  await delivery.drain();
  t.strictSame(events, ['stop', 'idle']);
  await t.rejects(delivery.accept(asyncDraft(), null), { code: 'shutting_down', outcome: 'not_sent' });
});

t.test('only a message of this process is canceled here', async (t) => {
  const { delivery } = setUp();
  const { message } = delivery.submit(draft());
  t.equal(delivery.cancelHere(message.id), true);
  moveTo(message, 'sending');
  t.equal(delivery.cancelHere(message.id), false);
  t.equal(delivery.cancelHere('msg_elsewhere'), null);
});

t.test('files of what was not sent stay: it may be sent again', async (t) => {
  const { delivery, events } = setUp();
  const { message } = delivery.submit(draft({ payload: files }));
  moveTo(message, 'failed');
  delivery.settled(message);
  await settle();
  t.notOk(events.includes('remove'));
});

t.test('a stored message knows how many of its caller and lane were there first', async (t) => {
  const { delivery } = setUp();
  const accepted = await delivery.accept(asyncDraft(), null);
  t.match(accepted, { submission: { message: { ahead: 3 } } });
  t.match(await delivery.accept(asyncDraft(), null), { submission: { message: { ahead: 4 } } });
});

t.test('one that is for later waits without anybody being woken for it', async (t) => {
  const { delivery, events } = setUp();
  await delivery.accept(asyncDraft({ sendAt: Date.UTC(2027, 0, 1) }), null);
  t.strictSame(events, ['insert']);
});

t.test('each account hears what the store counts for it, and for it alone', async (t) => {
  const flow = { lane: 'normal', caller: 'shop', queued: 5, oldestAt: 0 } as const;
  const mine = { ...flow, account: 'default' };
  const { delivery, counted } = setUp({ backlog: async () => [mine, { ...flow, account: 'brand-b' }] });
  await delivery.recount();
  t.strictSame(counted, [[mine]]);
});

t.test('what comes while the store counts is not in its count', async (t) => {
  const asked = Promise.withResolvers<FlowBacklog[]>();
  const { delivery, events } = setUp({ backlog: () => asked.promise });
  const counting = delivery.recount();
  await delivery.accept(asyncDraft(), null);
  asked.resolve([]);
  await counting;
  t.equal(events.at(-1), 'counted 3', 'as many changes as before the question');
});

t.test('an account that is not there has nothing to foresee, and is woken for nothing', async (t) => {
  const { delivery, events } = setUp();
  const flow = { account: 'gone', lane: 'normal', caller: 'shop' } as const;
  t.equal(delivery.prospect({ ...flow, readyAt: 0 }, null), null);
  delivery.wake([flow, { ...flow, account: 'default' }]);
  t.strictSame(events, ['wake shop']);
});

t.test('a batch whose stored answer got lost is looked up, and what may turn up later is taken back', async (t) => {
  const lose = async () => {
    throw new StorageUnavailable('the connection broke');
  };
  const canceled: string[] = [];
  const cancel: Store['cancel'] = async (id) => canceled.push(id) > 0;
  const rows = new Set(['msg_1', 'msg_2']);
  const get: Store['get'] = async (id) => (rows.has(id) ? ({ id } as Awaited<ReturnType<Store['get']>>) : null);
  const { delivery } = setUp({ insertBatch: lose, get, cancel });
  const items = [
    { draft: asyncDraft(), key: null },
    { draft: asyncDraft(), key: null },
  ];
  const accept = () => delivery.acceptBatch(items, null, (results) => ({ ...answer, body: JSON.stringify(results) }));
  t.match(await accept(), { kind: 'accepted' }, 'both are there');
  t.strictSame(canceled, []);
  await t.rejects(accept(), { code: 'storage_unavailable' }, 'neither is there');
  t.strictSame(canceled, ['msg_3', 'msg_4']);
});
