import t from 'tap';
import { createLedger } from '../../src/delivery/ledger.ts';
import type { Failure, Message, RawAnswer } from '../../src/delivery/message.ts';
import { rowOf } from '../../src/delivery/stored-message.ts';
import type { ErrorCode } from '../../src/kernel/errors.ts';
import { StorageUnavailable } from '../../src/store/errors.ts';
import type { MessageRow } from '../../src/store/message-row.ts';
import type { Settlement } from '../../src/store/requests.ts';
import type { Store } from '../../src/store/store.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { queuedMessage } from '../support/messages.ts';
import { createFakeStore } from './fake-store.ts';

const HOUR_MS = 3_600_000;
const clock = createManualClock();
const until = clock.now() + HOUR_MS;
const raw: RawAnswer = { status: 400, contentType: 'text/html', body: Buffer.from([0xff, 0x00]) };
const attempt = { at: 1, durationMs: 2, outcome: 'sent', upstreamStatus: 200 };

const failure = (code: ErrorCode): Failure => ({ code, outcome: 'not_sent', detail: 'd', upstream: null });
const ended = (state: Message['state'], members: Partial<Message> = {}): Message => ({
  ...queuedMessage(clock.now()),
  state,
  endedAt: clock.now(),
  ...members,
});
const sent = (members: Partial<Message> = {}) => ended('sent', { objectId: '7', sentAt: clock.now(), ...members });

/** A ledger whose store keeps what it is told, while `answer` lets it. */
function setUp(answer: () => boolean, others: Partial<Store> = {}) {
  const settlements: Settlement[] = [];
  const settle = async ([settlement]: readonly Settlement[]) => {
    const isHeld = answer();
    if (settlement !== undefined) settlements.push(settlement);
    return [isHeld];
  };
  const ledger = createLedger({ store: createFakeStore({ settle, ...others }), clock, keepKeysMs: HOUR_MS });
  return { ledger, settlements };
}

t.test('what is sent is erased with its settlement, and keeps its key', async (t) => {
  const { ledger, settlements } = setUp(() => true);
  t.equal(await ledger.settle(sent(), attempt), 'held');
  t.match(settlements, [
    { state: 'sent', objectId: '7', erase: true, attempt, key: { kind: 'keep', answer: null, until } },
  ]);
});

t.test('what CommBox decided or may have keeps the key, everything else of a waiting caller frees it', async (t) => {
  const kept = [
    ended('unknown', { failure: failure('commbox_timeout') }),
    ended('failed', { failure: failure('commbox_rejected') }),
    ended('failed', { failure: failure('commbox_stream_not_found') }),
    ended('failed', { failure: failure('commbox_unauthorized'), mode: 'async' }),
    ended('canceled', { failure: failure('conflict'), mode: 'async' }),
    ended('expired', { failure: failure('commbox_throttled'), mode: 'async' }),
  ];
  const freed = (
    ['commbox_throttled', 'commbox_unreachable', 'commbox_unauthorized', 'overloaded', 'shutting_down'] as const
  ).map((code) => ended('failed', { failure: failure(code) }));
  const { ledger, settlements } = setUp(() => true);
  for (const message of [...kept, ...freed]) await ledger.settle(message, null);
  t.strictSame(
    settlements.map(({ key }) => key?.kind),
    [...kept.map(() => 'keep'), ...freed.map(() => 'free')],
  );
  t.ok(settlements.every(({ erase }) => !erase));
});

t.test("CommBox's own answer is kept where it must come again byte for byte", async (t) => {
  const { ledger, settlements } = setUp(() => true);
  const message = ended('failed', { failure: failure('commbox_rejected'), raw, keepsRawAnswer: true });
  await ledger.settle(message, null);
  t.match(settlements[0]?.key, {
    kind: 'keep',
    answer: { status: 400, headers: { 'content-type': 'text/html' }, body: '/wA=', isBinary: true },
  });
});

t.test('a message that goes on decides nothing about its key', async (t) => {
  const { ledger, settlements } = setUp(() => true);
  await ledger.settle(queuedMessage(clock.now()), null);
  t.match(settlements, [{ state: 'queued', key: null, erase: false }]);
});

t.test('while the store is out of reach, the end is repeated until it is written', async (t) => {
  let isDown = true;
  const { ledger, settlements } = setUp(() => {
    if (isDown) throw new StorageUnavailable('down');
    return true;
  });
  t.equal(await ledger.settle(sent(), attempt), 'late');
  await clock.advance(5_000);
  t.strictSame(settlements, []);
  isDown = false;
  await clock.advance(1_000);
  t.match(settlements, [{ state: 'sent', objectId: '7', key: { until } }]);
  await clock.advance(10_000);
  t.equal(settlements.length, 1);
});

t.test('a store that is closed is asked no more, and nothing keeps the process', async (t) => {
  const { ledger } = setUp(() => {
    throw new StorageUnavailable('closed');
  });
  const before = clock.pending;
  t.equal(await ledger.settle(sent(), attempt), 'late');
  t.equal(clock.pending, before + 1);
  ledger.stop();
  t.equal(await ledger.settle(sent(), attempt), 'late');
  t.equal(clock.pending, before);
});

t.test('who took over hears that the message was sent after all, and nothing else', async (t) => {
  const resolved: unknown[] = [];
  const resolve: Store['resolve'] = async (id, to) => resolved.push({ id, ...to }) > 0;
  const { ledger } = setUp(() => false, { resolve });
  const message = sent();
  t.equal(await ledger.settle(message, attempt), 'lost');
  t.match(resolved, [{ id: message.id, state: 'sent', objectId: '7' }]);
  t.equal(await ledger.settle(ended('unknown'), null), 'lost');
  t.equal(resolved.length, 1);
});

t.test('so does one who took over while the store was out of reach', async (t) => {
  const resolved: unknown[] = [];
  const resolve: Store['resolve'] = async (id, to) => resolved.push({ id, ...to }) > 0;
  let isDown = true;
  const { ledger } = setUp(
    () => {
      if (isDown) throw new StorageUnavailable('down');
      return false;
    },
    { resolve },
  );
  const message = sent();
  t.equal(await ledger.settle(message, attempt), 'late');
  isDown = false;
  await clock.advance(1_000);
  t.match(resolved, [{ id: message.id, state: 'sent', objectId: '7' }]);
  await clock.advance(10_000);
  t.equal(resolved.length, 1);
});

t.test('one that ended without an attempt ends as it did in the store, if it has ended there', async (t) => {
  let row: MessageRow | null = rowOf(ended('canceled'));
  const get: Store['get'] = async () => {
    if (row === null) throw new StorageUnavailable('down');
    return row;
  };
  const stateAfter = async (isHeld: boolean) => {
    const message = ended('expired');
    await setUp(() => isHeld, { get }).ledger.settleUnsent(message);
    return message.state;
  };
  t.equal(await stateAfter(false), 'canceled');
  t.equal(await stateAfter(true), 'expired', 'nobody else had it');
  row = rowOf(queuedMessage(clock.now()));
  t.equal(await stateAfter(false), 'expired');
  row = null;
  t.equal(await stateAfter(false), 'expired', 'nobody can tell');
});

t.test('a fault of the store is not hidden', async (t) => {
  const { ledger } = setUp(() => {
    throw new TypeError('a bug');
  });
  await t.rejects(ledger.settle(sent(), null), TypeError);
});

t.test('of a sent message the row holds nothing of the request', async (t) => {
  const message = sent({ traceparent: '00-1', reference: 'r' });
  t.match(rowOf(message), { payload: null, requestId: '', traceparent: null, reference: 'r' });
  t.match(rowOf(ended('failed')), { payload: { kind: 'json', body: /hello/ }, requestId: 'r-1' });
});

t.test('a take is undone until it can be under way no longer, however long the store is away', async (t) => {
  const time = createManualClock();
  const asked: (readonly [string, number])[] = [];
  let answer: () => number = () => 0;
  const store = createFakeStore({
    async undoTake(account, takenAt) {
      asked.push([account, takenAt]);
      return answer();
    },
  });
  const ledger = createLedger({ store, clock: time, keepKeysMs: HOUR_MS });
  const advance = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) await time.advance(1_000);
  };
  ledger.undoTake('default', 7);
  await advance(10);
  t.equal(asked.length, 11, 'nothing was found until now');
  answer = () => 2;
  await advance(10);
  t.equal(asked.length, 12, 'found: the take is undone');

  asked.length = 0;
  answer = () => {
    throw new StorageUnavailable('down');
  };
  ledger.undoTake('brand-b', 8);
  await advance(60);
  t.equal(asked.length, 61);
  answer = () => 0;
  await advance(60);
  t.equal(asked.length, 62, 'there was none');
  t.strictSame(asked.at(-1), ['brand-b', 8]);

  ledger.undoTake('default', 9);
  ledger.stop();
  asked.length = 0;
  await advance(10);
  t.strictSame(asked, [], 'not after the end');
});
