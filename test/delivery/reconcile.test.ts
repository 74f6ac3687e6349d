import t from 'tap';
import type { CommboxClient, CommboxRequest } from '../../src/commbox/client.ts';
import { createKeyring } from '../../src/delivery/keyring.ts';
import { createReconciler } from '../../src/delivery/reconcile.ts';
import { rowOf } from '../../src/delivery/stored-message.ts';
import type { MessageRow } from '../../src/store/message-row.ts';
import type { Store } from '../../src/store/store.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { queuedMessage } from '../support/messages.ts';
import { createFakeStore } from './fake-store.ts';

const clock = createManualClock();
const now = clock.now();
const MINUTE_MS = 60_000;
const attempt = (outcome: string, at: number) => ({ at, outcome, durationMs: 1, upstreamStatus: null });
const object = { Message: 'hello', UserStreamProviderId: '972544444444', UserStreamProviderType: 5 };
const listed = (objectId: string, message = 'hello', at = now) =>
  `{"objectId":${objectId},"message":${JSON.stringify(message)},"createdTime":"${new Date(at).toISOString()}"}`;

const unknown = (members: Partial<MessageRow> = {}): MessageRow => ({
  ...rowOf(queuedMessage(now)),
  state: 'unknown',
  payload: { kind: 'json', body: JSON.stringify({ data: object }) },
  attempts: [attempt('unclear', now)],
  ...members,
});

/** A reconciler before a CommBox that lists these objects to its key; null: that gives no answer. */
function setUp(
  objects: readonly string[] | null,
  options: { accepted?: string; next?: string; others?: readonly string[] } = {},
) {
  const { accepted = 'key-1', next = null, others = [] } = options;
  const calls: CommboxRequest[] = [];
  const resolved: unknown[] = [];
  const client: Pick<CommboxClient, 'call'> = {
    async call(request) {
      calls.push(request);
      if (objects === null) return { kind: 'failed', started: true, isTimeout: true, error: new Error('timeout') };
      const status = request.key === accepted ? 200 : 401;
      const body = Buffer.from(status === 200 ? `{"status":200,"data":[${objects}]}` : '');
      const headers = { contentType: 'application/json', retryAfter: undefined, date: undefined };
      return { kind: 'answer', status, ...headers, body, isCut: false };
    },
  };
  const keyring = createKeyring(() => ({ current: 'key-1', next }));
  const resolve: Store['resolve'] = async (id, to) => {
    if (to.unlessAnothersOf !== undefined && others.includes(to.objectId ?? '')) return false;
    return resolved.push([id, to.state, to.objectId]) > 0;
  };
  const reconciler = createReconciler({
    accounts: new Map([['default', { client: client as CommboxClient, basePath: '/base', keyring }]]),
    store: createFakeStore({ resolve }),
    clock,
  });
  return { reconciler, calls, resolved };
}

t.test('the object of another message with the same text says nothing about this one', async (t) => {
  const { reconciler, resolved } = setUp([listed('7')], { others: ['7'] });
  const nothing = { found: 1, objectIds: ['7'], isResolved: false, isOpen: false };
  t.strictSame(await reconciler.reconcile(unknown()), nothing);
  t.strictSame(resolved, []);
});

t.test('one object with its text, at its time, is the message', async (t) => {
  const { reconciler, calls, resolved } = setUp([listed('9007199254740993'), listed('2', 'another text')]);
  const row = unknown();
  t.strictSame(await reconciler.reconcile(row), {
    found: 1,
    objectIds: ['9007199254740993'],
    isResolved: true,
    isOpen: false,
  });
  t.strictSame(resolved, [[row.id, 'sent', '9007199254740993']]);
  t.match(calls, [{ method: 'GET', key: 'key-1', body: null, path: /^\/base\/streams\/532\/objects\?/ }]);
  const query = new URL(calls[0]?.path ?? '', 'http://x').searchParams;
  t.equal(query.get('identityStreamProviderId'), '972544444444');
  t.equal(query.get('identityStreamProviderType'), '5');
});

t.test('none, or several, prove nothing', async (t) => {
  for (const [objects, objectIds] of [
    [[], []],
    [[listed('1', 'another text')], []],
    [
      [listed('1'), listed('2')],
      ['1', '2'],
    ],
  ] as const) {
    const { reconciler, resolved } = setUp(objects);
    const found = await reconciler.reconcile(unknown());
    t.strictSame(found, { found: objectIds.length, objectIds: [...objectIds], isResolved: false, isOpen: false });
    t.strictSame(resolved, []);
  }
});

t.test('the same text of another time is another message', async (t) => {
  const hour = 60 * MINUTE_MS;
  const early = setUp([listed('1', 'hello', now - hour), listed('2', 'hello', now + hour)]);
  t.match(await early.reconciler.reconcile(unknown()), { found: 0 });
  const attempts = [attempt('throttled', now - hour), attempt('unclear', now), attempt('unclear', now + hour)];
  const late = setUp([listed('1', 'hello', now - hour), listed('2', 'hello', now + hour)]);
  t.match(await late.reconciler.reconcile(unknown({ attempts })), { found: 1, objectIds: ['2'] });
});

t.test('without an answer of CommBox nothing was found out, and it may be asked again', async (t) => {
  const nothing = { found: null, objectIds: [], isResolved: false, isOpen: true };
  t.strictSame(await setUp(null).reconciler.reconcile(unknown()), nothing);
  t.strictSame(await setUp([], { accepted: 'key-3', next: 'key-2' }).reconciler.reconcile(unknown()), nothing);
  t.strictSame(await setUp([]).reconciler.reconcile(unknown({ account: 'gone' })), nothing);
});

t.test('where one key is refused, the other is tried, and from then on first', async (t) => {
  const { reconciler, calls } = setUp([listed('7')], { accepted: 'key-2', next: 'key-2' });
  t.match(await reconciler.reconcile(unknown()), { found: 1, isResolved: true });
  t.match(await reconciler.reconcile(unknown()), { found: 1, isResolved: true });
  t.strictSame(
    calls.map(({ key }) => key),
    ['key-1', 'key-2', 'key-2'],
  );
});

t.test('what cannot be searched for is not', async (t) => {
  const { reconciler, calls } = setUp([]);
  const rows = [
    unknown({ payload: null }),
    unknown({ payload: { kind: 'json', body: '{"data":{}}' } }),
    unknown({ payload: { kind: 'json', body: 'no JSON' } }),
  ];
  for (const row of rows) t.match(await reconciler.reconcile(row), { found: null, isResolved: false, isOpen: false });
  t.strictSame(calls, []);
});

t.test('one without an identity is searched for by its time', async (t) => {
  const { reconciler, calls } = setUp([listed('1')]);
  const payload = { kind: 'multipart', data: '{"Message":"hello"}', files: [] } as const;
  t.match(await reconciler.reconcile(unknown({ payload })), { found: 1, isResolved: true });
  const query = new URL(calls[0]?.path ?? '', 'http://x').searchParams;
  t.equal(query.get('unixStartTime'), String((now - 5 * MINUTE_MS) / 1000));
  t.equal(query.get('unixEndTime'), String((now + 15 * MINUTE_MS) / 1000));
});
