import t from 'tap';
import type { Spool } from '../../src/attachments/spool.ts';
import type { Delivery } from '../../src/delivery/delivery.ts';
import type { Reconciler } from '../../src/delivery/reconcile.ts';
import { rowOf } from '../../src/delivery/stored-message.ts';
import { createUpkeep } from '../../src/delivery/upkeep.ts';
import { StorageUnavailable } from '../../src/store/errors.ts';
import type { Flow } from '../../src/store/flows.ts';
import type { MessageRow } from '../../src/store/message-row.ts';
import type { Store } from '../../src/store/store.ts';
import { createManualClock, settle } from '../support/manual-clock.ts';
import { queuedMessage } from '../support/messages.ts';
import { createFakeStore } from './fake-store.ts';

const HOUR_MS = 3_600_000;
const file = { path: '/spool/a', name: 'a.txt', contentType: null, size: 1, sha256: 'x' };
const unknown = (): MessageRow => ({
  ...rowOf(queuedMessage(0)),
  state: 'unknown',
  payload: { kind: 'multipart', data: '{}', files: [file] },
});

function setUp(
  methods: Partial<Store> = {},
  reconcile?: Reconciler['reconcile'],
  removeNamed: (names: readonly string[]) => Promise<void> = async () => {},
) {
  const clock = createManualClock();
  const calls: string[] = [];
  const failures: string[] = [];
  const note = <T>(name: string, value: T) => {
    calls.push(name);
    return Promise.resolve(value);
  };
  const quiet: Partial<Store> = {
    heartbeat: () => note('heartbeat', true),
    recover: () => note('recover', []),
    expire: () => note('expire', []),
    readyFlows: () => note('readyFlows', []),
    takeUnreconciled: () => note('takeUnreconciled', null),
    reconciled: (id) => note(`reconciled ${id}`, undefined),
    sweep: () => note('sweep', { files: [], more: false }),
  };
  const delivery: Partial<Delivery> = {
    wake: (flows) => void calls.push(`wake ${flows.map(({ account, caller }) => `${account}/${caller}`)}`),
    recount: () => note('recount', undefined),
  };
  const spool: Partial<Spool> = {
    remove: async (files) => void calls.push(`remove ${[...files].map(({ name }) => name)}`),
    removeNamed(names) {
      calls.push(`removeNamed ${[...names]}`);
      return removeNamed([...names]);
    },
  };
  const upkeep = createUpkeep({
    store: createFakeStore({ ...quiet, ...methods }),
    spool: spool as Spool,
    delivery: delivery as Delivery,
    watch: { wait: async () => null, ended: (id) => void calls.push(`ended ${id}`) },
    reconciler: { reconcile: reconcile ?? (() => t.fail() as never) },
    stops: { refresh: () => note('stops', undefined) },
    expiryReasons: () => [],
    accounts: new Map([
      ['default', null],
      ['brand-b', null],
    ]),
    clock,
    keepKeysMs: HOUR_MS,
    retentionMs: 10 * HOUR_MS,
    onFailure: (task) => void failures.push(task),
  });
  const count = (name: string) => calls.filter((call) => call === name).length;
  return { upkeep, clock, calls, failures, count };
}

t.test('it begins with a lease, and with what an earlier process left', async (t) => {
  const recover: Store['recover'] = async () => ['msg_1', 'msg_2'];
  const readyFlows: Store['readyFlows'] = async () => [{ account: 'default', lane: 'normal', caller: 'shop' }];
  const { upkeep, calls } = setUp({ recover, readyFlows });
  await upkeep.start();
  t.strictSame(calls, [
    'heartbeat',
    'ended msg_1',
    'ended msg_2',
    'wake default/shop',
    'expire',
    'wake default/shop',
    'recount',
  ]);
});

t.test('what waits is counted anew each second, for honest estimates', async (t) => {
  const { upkeep, clock, count } = setUp();
  await upkeep.start();
  await clock.advance(3_000);
  t.equal(count('recount'), 4);
});

t.test('looks that are asked for while one is on its way are one more, not many', async (t) => {
  const asked: PromiseWithResolvers<Flow[]>[] = [];
  const readyFlows: Store['readyFlows'] = () => {
    const next = Promise.withResolvers<Flow[]>();
    asked.push(next);
    return next.promise;
  };
  const { upkeep, failures } = setUp({ readyFlows });
  const looks = [upkeep.look(), upkeep.look(), upkeep.look()];
  t.equal(asked.length, 1);
  asked[0]?.reject(new StorageUnavailable('down'));
  await settle();
  t.equal(asked.length, 2, 'what came meanwhile is looked for');
  asked[1]?.resolve([]);
  await Promise.all(looks);
  t.strictSame(failures, ['look']);
  t.equal(asked.length, 2);
});

t.test('the lease is renewed well before it ends, until it stops', async (t) => {
  const { upkeep, clock, count } = setUp();
  await upkeep.start();
  await clock.advance(25_000);
  t.equal(count('heartbeat'), 6);
  upkeep.stop();
  await clock.advance(60_000);
  t.equal(count('heartbeat'), 6);
});

t.test('expiry goes on until none is left', async (t) => {
  const rounds = [500, 500, 3];
  const { upkeep } = setUp({ expire: async () => Array(rounds.shift() ?? 0).fill({ state: 'expired' }) });
  await upkeep.start();
  t.strictSame(rounds, []);
});

t.test('a round that fails is told, and the next one comes all the same', async (t) => {
  let isDown = false;
  const heartbeat: Store['heartbeat'] = async () => {
    if (isDown) throw new StorageUnavailable('down');
    return true;
  };
  const { upkeep, clock, failures } = setUp({ heartbeat });
  await upkeep.start();
  isDown = true;
  await clock.advance(10_000);
  isDown = false;
  await clock.advance(10_000);
  t.strictSame(failures, ['heartbeat', 'heartbeat']);
});

t.test('what is unknown is looked up, and its files go when it is found', async (t) => {
  const rows = [unknown(), unknown(), unknown()];
  const [first, second, third] = rows.map(({ id }) => id);
  const asked = new Set<string>();
  const takeUnreconciled: Store['takeUnreconciled'] = async ({ account, now, afterMs }) => {
    asked.add(`${account} ${now - clock.now()} ${afterMs}`);
    return account === 'default' ? (rows.shift() ?? null) : null;
  };
  const reconcile: Reconciler['reconcile'] = async ({ id }) => {
    if (id === first) throw new StorageUnavailable('down');
    return { found: 1, objectIds: ['7'], isResolved: id === second, isOpen: false };
  };
  const { upkeep, clock, calls, failures } = setUp({ takeUnreconciled }, reconcile);
  await upkeep.start();
  await clock.advance(5_000);
  t.strictSame([...asked], ['default 0 60000', 'brand-b 0 60000']);
  const about = calls.filter((call) => /^(remove|ended|reconciled) /.test(call));
  t.strictSame(about, ['remove a.txt', `ended ${second}`, `reconciled ${third}`, `ended ${third}`]);
  t.strictSame(failures, ['reconcile'], 'one that fails costs the others nothing');
});

t.test('without an answer one message of an account is looked up a round, and none is done with', async (t) => {
  const takes: string[] = [];
  let left = 3;
  const takeUnreconciled: Store['takeUnreconciled'] = async ({ account }) => {
    if (account === 'brand-b' && left-- === 0) return null;
    takes.push(account);
    return { ...unknown(), account };
  };
  const reconcile: Reconciler['reconcile'] = async ({ account }) => {
    const isOpen = account === 'default';
    return { found: isOpen ? null : 0, objectIds: [], isResolved: false, isOpen };
  };
  const { upkeep, clock, calls } = setUp({ takeUnreconciled }, reconcile);
  await upkeep.start();
  await clock.advance(5_000);
  t.strictSame(takes.toSorted(), ['brand-b', 'brand-b', 'brand-b', 'default'], 'the other account loses nothing');
  t.equal(calls.filter((call) => call.startsWith('reconciled ')).length, 3);
  await clock.advance(5_000);
  t.equal(takes.filter((account) => account === 'default').length, 2);
});

t.test('what is past its time is erased round by round, and its files with it', async (t) => {
  const rounds = [
    { files: ['a', 'b'], more: true },
    { files: ['c'], more: false },
  ];
  const limits: number[][] = [];
  const sweep: Store['sweep'] = async (now, erasedBefore, deletedBefore) => {
    limits.push([now - erasedBefore, now - deletedBefore]);
    return rounds.shift() ?? { files: [], more: false };
  };
  const { upkeep, clock, calls } = setUp({ sweep });
  await upkeep.start();
  await clock.advance(30_000);
  t.strictSame(
    calls.filter((call) => call.startsWith('removeNamed')),
    ['removeNamed a,b', 'removeNamed c'],
  );
  t.strictSame(limits, [
    [HOUR_MS, 10 * HOUR_MS],
    [HOUR_MS, 10 * HOUR_MS],
  ]);
});

t.test('files that cannot be removed keep nothing else from being erased', async (t) => {
  const rounds = [
    { files: ['stuck'], more: true },
    { files: ['b'], more: false },
  ];
  const { upkeep, clock, calls, failures } = setUp(
    { sweep: async () => rounds.shift() ?? { files: [], more: false } },
    undefined,
    (names) => (names.includes('stuck') ? Promise.reject(new Error('EIO')) : Promise.resolve()),
  );
  await upkeep.start();
  await clock.advance(30_000);
  t.ok(calls.includes('removeNamed b'));
  t.strictSame(failures, ['sweep'], 'and it is told');
});
